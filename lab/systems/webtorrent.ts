import { join } from 'node:path'
import { serveTorrentSite, TORRENT_SITE_PORT, writeTorrentSite } from './torrent-site.ts'
import type { System } from './system.ts'

/** WebTorrent 3 in each page, with a web seed, a tracker and a STUN server at the origin. The page shows its pictures from the torrent. */
export function webTorrent(): System {
  return {
    name: 'WebTorrent 3',
    deploy: async ({ origin, site, folder }) => {
      const root = join(folder, 'webtorrent')
      await writeTorrentSite(root, site, [origin])
      await serveTorrentSite(origin, root)
      const url = `http://${origin.address}:${TORRENT_SITE_PORT}`
      return { url: `${url}/`, browser: { hosts: { [origin.address]: origin.address }, secureOrigins: [url] } }
    },
  }
}
