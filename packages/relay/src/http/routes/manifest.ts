import { CONTENT_TYPES, NotFoundError, parseCid, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import type { StoredSite } from '../../state/site-table.ts'
import { verifyPublisher } from '../../tokens.ts'
import { headerOf } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'
import { siteOf } from './info.ts'

/**
 * The manifests of a site's versions, block by block so that whoever asks can check them. The site's owner begins the
 * next version from the newest one's, and learns from the others' what a rollback would bring back, also while the
 * relay serves no content; other blocks are not given here, so no key of one's own gets around that.
 */
export function manifestRoutes(app: HttpApp, context: HttpContext): void {
  app.get(relayPaths.manifestBlock(':name' as SiteName, ':cid'), async (c) => {
    const site = siteOf(context, c.req.param('name'))
    await verifyPublisher(headerOf(c.req.raw, 'authorization'), site.name, context.peerId, context.now())
    const cid = parseCid(c.req.param('cid'))
    const bytes = (await isOnTheWay(context, site, cid.toString())) ? await context.vault.get(cid) : undefined
    if (bytes === undefined)
      throw new NotFoundError(`${cid.toString()} on the way to the manifest of a version of ${site.name}`)
    return new Response(bytes, { headers: { 'Content-Type': CONTENT_TYPES.raw, 'Cache-Control': 'no-store' } })
  })
}

/** Whether a block leads to the manifest of a version that is held; the newest one's is what is mostly asked for. */
async function isOnTheWay({ contents, sites }: HttpContext, site: StoredSite, cid: string): Promise<boolean> {
  const newest = await contents.get(site.root)
  if (newest.blocks.includes(cid)) return true
  const roots = new Set(sites.versions(site.name).map(({ root }) => root))
  roots.delete(site.root)
  for (const root of roots) {
    // One that can't be read any more stands in no other's way.
    const content = await contents.get(root).catch(() => undefined)
    if (content?.blocks.includes(cid) === true) return true
  }
  return false
}
