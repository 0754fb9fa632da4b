import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabRelay } from '../hosts/lab-relay.ts'
import { startServer } from '../hosts/server-process.ts'
import { writeTagged } from './blackhole.ts'
import { writeScript } from './scripts.ts'
import { pageOf } from './site-files.ts'
import { serveTorrentSite, TORRENT_SITE_PORT, writeTorrentSite } from './torrent-site.ts'
import type { ChildProcess } from 'node:child_process'
import type { LabBrowserOptions } from '../hosts/lab-browser.ts'
import type { LabHost } from '../network/lab-host.ts'
import type { SiteFiles } from './site-files.ts'

/** The site's name, for systems that leave that to DNS. */
const SITE = 'twin.site.lab'

/** Where a system with two origins is put up. */
export interface TwinGround {
  readonly first: LabHost
  readonly second: LabHost
  readonly site: SiteFiles
  readonly folder: string
}

/** A system that is up at two origins. */
export interface TwoOrigins {
  /** What visitors open; the name leads each of them to one of the two. */
  readonly url: string
  /** What browsers of those must know whom the name leads to this origin. */
  browserFor(origin: LabHost): LabBrowserOptions
  /** Gives the site a text file, at the second origin alone once the first is gone. */
  publish(path: string, text: string): Promise<void>
  /** Ends the first origin as a power cut would. */
  killFirst(): Promise<void>
}

/** A way to give a site from two origins. */
export interface TwinSystem {
  readonly name: string
  readonly isPlain?: boolean
  deploy(ground: TwinGround): Promise<TwoOrigins>
}

/** Each system with two origins: a web server each; with a tracker and a STUN server each besides; a relay each. */
export function twinSystems(): TwinSystem[] {
  return [
    { name: 'plain HTTP', isPlain: true, deploy: plainTwins },
    { name: 'WebTorrent 3', deploy: torrentTwins },
    { name: 'Blackhole', deploy: relayTwins },
  ]
}

async function plainTwins({ first, second, site, folder }: TwinGround): Promise<TwoOrigins> {
  const root = join(folder, 'plain')
  await cp(site.folder, root, { recursive: true })
  await writeScript(root, 'fetch-all')
  await writeFile(join(root, 'index.html'), pageOf(site.pictures, '', '<script type="module" src="/fetch-all.js"></script>')) // prettier-ignore
  const serve = (host: LabHost): Promise<ChildProcess> =>
    startServer(host, join(import.meta.dirname, '../hosts/origin-server.ts'), [root, String(TORRENT_SITE_PORT)])
  const [doomed] = await Promise.all([serve(first), serve(second)])
  return webOrigins(root, [first, second], [doomed])
}

async function torrentTwins({ first, second, site, folder }: TwinGround): Promise<TwoOrigins> {
  const root = join(folder, 'webtorrent')
  await writeTorrentSite(root, site, [first, second])
  const [doomed] = await Promise.all([serveTorrentSite(first, root), serveTorrentSite(second, root)])
  return webOrigins(root, [first, second], doomed)
}

/** Web servers that serve one folder, as if its copies were always the same. */
function webOrigins(root: string, origins: readonly LabHost[], doomed: readonly ChildProcess[]): TwoOrigins {
  const url = `http://${SITE}:${TORRENT_SITE_PORT}`
  const addresses = Object.fromEntries(origins.map(({ address }) => [address, address]))
  return {
    url: `${url}/`,
    browserFor: ({ address }) => ({ hosts: { ...addresses, [SITE]: address }, secureOrigins: [url] }),
    publish: async (path, text) => {
      await writeFile(join(root, path), text)
    },
    killFirst: async () => {
      for (const child of doomed) child.kill('SIGKILL')
    },
  }
}

async function relayTwins({ first, second, site, folder }: TwinGround): Promise<TwoOrigins> {
  const relay = await LabRelay.start(first, join(folder, 'first'), ['--federate'])
  const other = await LabRelay.start(second, join(folder, 'second'), ['--fellow', relay.url])
  const hosted = await relay.createSite()
  const root = join(folder, 'published')
  await writeTagged(root, site, hosted.name)
  let at = relay
  return {
    url: `${hosted.origin}/`,
    browserFor: (origin) => {
      const own = origin === first ? relay : other
      return { hosts: { ...relay.hosts, ...other.hosts, ...own.hosts }, secureOrigins: [hosted.origin] }
    },
    publish: async (path, text) => {
      await writeFile(join(root, path), text)
      await hosted.publish(root, at)
    },
    killFirst: async () => {
      await relay.kill()
      at = other
    },
  }
}
