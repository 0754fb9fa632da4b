import { CONTENT_TYPES, NotFoundError, parseCid, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { verifyPublisher } from '../../tokens.ts'
import { headerOf } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'
import { siteOf } from './info.ts'

/**
 * The manifest of a site's newest version, block by block so that whoever asks can check it. The site's owner begins
 * the next version from it, also while the relay serves no content; other blocks are not given here, so no key of
 * one's own gets around that.
 */
export function manifestRoutes(app: HttpApp, context: HttpContext): void {
  app.get(relayPaths.manifestBlock(':name' as SiteName, ':cid'), async (c) => {
    const site = siteOf(context, c.req.param('name'))
    await verifyPublisher(headerOf(c.req.raw, 'authorization'), site.name, context.peerId, context.now())
    const cid = parseCid(c.req.param('cid'))
    const { blocks } = await context.contents.get(site.root)
    const bytes = blocks.includes(cid.toString()) ? await context.vault.get(cid) : undefined
    if (bytes === undefined) throw new NotFoundError(`${cid.toString()} on the way to the manifest of ${site.root}`)
    return new Response(bytes, { headers: { 'Content-Type': CONTENT_TYPES.raw, 'Cache-Control': 'no-store' } })
  })
}
