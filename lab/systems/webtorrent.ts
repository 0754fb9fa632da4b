import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startServer } from '../hosts/server-process.ts'
import { writeScript } from './scripts.ts'
import { pageOf } from './site-files.ts'
import { torrentFile } from './torrent-file.ts'
import type { System } from './system.ts'

const PORT = 8080
const TRACKER_PORT = 8000

/** Name of the torrent, and so of the folder of the web seed. */
const NAME = 'site'

/** WebTorrent 3 in each page, with a web seed and a tracker at the origin. The page shows its pictures from the torrent. */
export function webTorrent(): System {
  return {
    name: 'WebTorrent 3',
    deploy: async ({ origin, site, folder }) => {
      const root = join(folder, 'webtorrent')
      const url = `http://${origin.address}:${PORT}`
      const tracker = `ws://${origin.address}:${TRACKER_PORT}`
      await mkdir(root, { recursive: true })
      await cp(site.folder, join(root, NAME), { recursive: true })
      await writeScript(root, 'webtorrent-all')
      await writeFile(join(root, 'site.torrent'), await torrentFile(site, { name: NAME, webSeed: `${url}/`, tracker }))
      const script = `<script type="module" id="visit" src="/webtorrent-all.js" data-tracker="${tracker}" data-torrent="/site.torrent"></script>`
      await writeFile(join(root, 'index.html'), pageOf([], '', script))
      await startServer(origin, join(import.meta.dirname, '../hosts/tracker-server.ts'), [String(TRACKER_PORT)])
      await startServer(origin, join(import.meta.dirname, '../hosts/origin-server.ts'), [root, String(PORT)])
      return { url: `${url}/`, browser: { hosts: { [origin.address]: origin.address }, secureOrigins: [url] } }
    },
  }
}
