import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabRelay } from '../hosts/lab-relay.ts'
import { startServer } from '../hosts/server-process.ts'
import { writeScript } from '../systems/scripts.ts'
import { pageOf } from '../systems/site-files.ts'
import { torrentFile } from '../systems/torrent-file.ts'
import { startBroadcast } from './start-broadcast.ts'
import type { LabHost } from '../network/lab-host.ts'
import type { Deployment } from '../systems/system.ts'
import type { Film } from './make-film.ts'

/** Where a film is put up. */
export interface FilmGround {
  /** The host whose traffic the owner pays. */
  readonly origin: LabHost
  readonly film: Film
  /** It is being filmed while it is watched. */
  readonly live: boolean
  /** For what it writes; removed after the run. */
  readonly folder: string
}

/** A film that is up. */
export interface FilmDeployment extends Deployment {
  /** The first viewer is there: a broadcast begins. */
  begin: () => void
}

/** A way to give a film to its viewers. */
export interface FilmSystem {
  readonly name: string
  /** Whether it can give a broadcast. */
  readonly canLive: boolean
  deploy(ground: FilmGround): Promise<FilmDeployment>
}

const PORT = 8080
const TRACKER_PORT = 8000
const PLAYER = '<script type="module" src="/film.js"></script>'

/** All that are compared. */
export function filmSystems(): FilmSystem[] {
  return [plainHttp, webTorrent, blackhole]
}

/** Makes what the owner has: all of the film, or what has been filmed so far. */
async function putUp({ origin, film, live }: FilmGround, root: string): Promise<() => void> {
  await mkdir(root, { recursive: true })
  if (live) return await startBroadcast(origin, film, root)
  await cp(film.folder, root, { recursive: true })
  return () => undefined
}

const plainHttp: FilmSystem = {
  name: 'plain HTTP',
  canLive: true,
  deploy: async (ground) => {
    const { origin, folder } = ground
    const root = join(folder, 'plain')
    const begin = await putUp(ground, root)
    await writeScript(root, 'film')
    await writeFile(join(root, 'index.html'), pageOf([], '', PLAYER))
    await startServer(origin, join(import.meta.dirname, '../hosts/origin-server.ts'), [root, String(PORT)])
    const url = `http://${origin.address}:${PORT}`
    return { begin, url: `${url}/`, browser: { hosts: { [origin.address]: origin.address }, secureOrigins: [url] } }
  },
}

/** A torrent names all of its bytes when it is made: there is none of a film that is still being made. */
const webTorrent: FilmSystem = {
  name: 'WebTorrent 3',
  canLive: false,
  deploy: async (ground) => {
    const { origin, film, folder } = ground
    const name = 'film'
    const root = join(folder, 'webtorrent')
    const url = `http://${origin.address}:${PORT}`
    const tracker = `ws://${origin.address}:${TRACKER_PORT}`
    const begin = await putUp(ground, join(root, name))
    await writeScript(root, 'film-webtorrent')
    await writeFile(
      join(root, 'film.torrent'),
      await torrentFile(film, { name, webSeeds: [`${url}/`], trackers: [tracker] }),
    )
    const script = `<script type="module" id="visit" src="/film-webtorrent.js" data-tracker="${tracker}" data-torrent="/film.torrent"></script>`
    await writeFile(join(root, 'index.html'), pageOf([], '', script))
    await startServer(origin, join(import.meta.dirname, '../hosts/tracker-server.ts'), [String(TRACKER_PORT)])
    await startServer(origin, join(import.meta.dirname, '../hosts/origin-server.ts'), [root, String(PORT)])
    return { begin, url: `${url}/`, browser: { hosts: { [origin.address]: origin.address }, secureOrigins: [url] } }
  },
}

const blackhole: FilmSystem = {
  name: 'Blackhole',
  canLive: true,
  deploy: async (ground) => {
    const { origin, folder, live } = ground
    const root = join(folder, 'blackhole')
    const begin = await putUp(ground, root)
    await writeScript(root, 'film')
    const relay = await LabRelay.start(origin, join(folder, 'relay'))
    const site = await relay.createSite()
    // Visitors give 1 MiB/s by default; here they give what their line has, as WebTorrent's do.
    const tag = `<script async src="/.blackhole/blackhole.js" data-site="${site.name}" data-worker="/.blackhole/blackhole-sw.js" data-upload-limit="10G"></script>`
    await writeFile(join(root, 'index.html'), pageOf([], tag, PLAYER))
    await writeFile(join(root, '.blackholeignore'), '*.tmp\n')
    if (live) await site.publishChanges(root)
    else await site.publish(root)
    return { begin, url: `${site.origin}/`, browser: { hosts: relay.hosts, secureOrigins: [site.origin] } }
  },
}
