import { parseSiteName, relayPaths } from '@blackhole/protocol'
import type { ListedVersion, SiteName, SiteSummary } from '@blackhole/protocol'
import { NotFoundError } from '@blackhole/protocol'
import type { HttpApp, HttpContext } from '../context.ts'
import type { StoredSite } from '../../state/site-table.ts'

/** Sites in one list; one of them is found under its own path however many there are. */
const MAX_LISTED_SITES = 10_000

/** What the relay is, and which sites it holds. */
export function infoRoutes(app: HttpApp, context: HttpContext): void {
  app.get(relayPaths.relay(), (c) => c.json(context.info()))
  app.get(relayPaths.sites(), (c) =>
    c.json(context.sites.list(MAX_LISTED_SITES).map((site) => summaryOf(context, site))),
  )
  app.get(relayPaths.site(':name' as SiteName), (c) => {
    const site = siteOf(context, c.req.param('name'))
    return c.json(summaryOf(context, site))
  })
  app.get(relayPaths.versions(':name' as SiteName), (c) => {
    const { name } = siteOf(context, c.req.param('name'))
    return c.json(
      context.sites.versions(name).map(({ sequence, root, published, record }): ListedVersion => ({
        version: sequence,
        root,
        published: new Date(published).toISOString(),
        ...(record === undefined ? {} : { record: Buffer.from(record).toString('base64') }),
      })),
    )
  })
}

/** A site that the relay holds. */
export function siteOf(context: HttpContext, name: unknown): StoredSite {
  const site = context.sites.get(parseSiteName(name))
  if (site === undefined) throw new NotFoundError(`The site ${String(name)}`)
  return site
}

/** A site as the API shows it. */
export function summaryOf(context: HttpContext, site: StoredSite): SiteSummary {
  return {
    name: site.name,
    alias: context.hosts.aliasOf(site.name),
    root: site.root,
    version: site.sequence,
    files: site.files,
    bytes: site.bytes,
    peers: context.registry.count(site.name),
    updated: new Date(site.updated).toISOString(),
    url: context.siteUrl(site.name),
  }
}
