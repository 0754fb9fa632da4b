import type { SiteName } from '@blackhole/protocol'
import type { StoredSite } from '../state/site-table.ts'
import type { Hosts } from './hosts.ts'

/**
 * Whether pages of a web origin may join a site's swarm: the site's own hosted
 * origins, and those that its owner named when publishing. A page elsewhere
 * could otherwise make its visitors work for a site that isn't theirs.
 *
 * @param fellowSiteHosts - hosts of the per-site origins of fellow relays, whose visitors come here when theirs is gone
 * @param origin - value of the Origin header; undefined for programs, which send none
 */
export function mayJoin(
  origin: string | undefined,
  site: StoredSite,
  hosts: Hosts,
  dnslinkSite: SiteName | undefined,
  fellowSiteHosts: readonly string[] = [],
): boolean {
  if (origin === undefined) return true
  const url = URL.parse(origin)
  if (url?.origin !== origin) return false
  if (site.origins.includes(origin)) return true
  if (fellowSiteHosts.some((host) => url.host === `${site.name}.${host}`)) return true
  const target = hosts.resolve(url.host)
  return (target.kind === 'site' && target.name === site.name) || dnslinkSite === site.name
}
