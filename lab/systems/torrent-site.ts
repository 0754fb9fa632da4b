import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startServer } from '../hosts/server-process.ts'
import { writeScript } from './scripts.ts'
import { pageOf } from './site-files.ts'
import { torrentFile } from './torrent-file.ts'
import type { ChildProcess } from 'node:child_process'
import type { LabHost } from '../network/lab-host.ts'
import type { SiteFiles } from './site-files.ts'

/** Of the web server, which is the web seed too. */
export const TORRENT_SITE_PORT = 8080
const TRACKER_PORT = 8000
/** RFC 8489. */
const STUN_PORT = 3478

/** Name of the torrent, and so of the folder of the web seed. */
const NAME = 'site'

/** Writes a page with WebTorrent 3 and a torrent that names every origin as web seed, tracker and STUN server. */
export async function writeTorrentSite(root: string, site: SiteFiles, origins: readonly LabHost[]): Promise<void> {
  const at = (scheme: string, port: number): string[] => origins.map(({ address }) => `${scheme}${address}:${port}`)
  const trackers = at('ws://', TRACKER_PORT)
  const webSeeds = at('http://', TORRENT_SITE_PORT).map((url) => `${url}/`)
  await mkdir(root, { recursive: true })
  await cp(site.folder, join(root, NAME), { recursive: true })
  await writeScript(root, 'webtorrent-all')
  await writeFile(join(root, 'site.torrent'), await torrentFile(site, { name: NAME, webSeeds, trackers }))
  const script = `<script type="module" id="visit" src="/webtorrent-all.js" data-trackers="${trackers.join(' ')}" data-torrent="/site.torrent" data-stun="${at('stun:', STUN_PORT).join(' ')}"></script>`
  await writeFile(join(root, 'index.html'), pageOf([], '', script))
}

/** Starts what an origin of {@link writeTorrentSite} needs; all of it ends with the network. */
export async function serveTorrentSite(origin: LabHost, root: string): Promise<ChildProcess[]> {
  const program = (name: string): string => join(import.meta.dirname, `../hosts/${name}.ts`)
  return [
    await startServer(origin, program('tracker-server'), [String(TRACKER_PORT)]),
    await startServer(origin, program('stun-server'), [String(STUN_PORT)]),
    await startServer(origin, program('origin-server'), [root, String(TORRENT_SITE_PORT)]),
  ]
}
