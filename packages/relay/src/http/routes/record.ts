import { CONTENT_TYPES, MAX_RECORD_BYTES, parseSiteName, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import type { StoredSite } from '../../state/site-table.ts'
import { verifyPublisher } from '../../tokens.ts'
import { headerOf, readBody } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'
import { siteOf, summaryOf } from './info.ts'

/** A site's signed record: read by anyone, replaced by whoever has the site's key. */
export function recordRoutes(app: HttpApp, context: HttpContext): void {
  const path = relayPaths.record(':name' as SiteName)
  app.get(path, (c) => {
    const site = siteOf(context, c.req.param('name'))
    const etag = `"${site.root}.${String(site.sequence)}.${String(site.expires)}"`
    const headers = {
      'Content-Type': CONTENT_TYPES.record,
      'Cache-Control': 'public, max-age=0, must-revalidate',
      ETag: etag,
    }
    if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers })
    return new Response(site.record, { headers })
  })
  app.put(path, async (c) => {
    const name = parseSiteName(c.req.param('name'))
    const address = c.get('address')
    const authorization = headerOf(c.req.raw, 'authorization')
    await verifyPublisher(authorization, name, context.peerId, context.now()).catch((error: unknown) => {
      context.refused.check({ address })
      context.refused.refused({ address }, error)
      throw error
    })
    context.refused.check({ site: name })
    const site = await put(context, name, address, c.req.raw).catch((error: unknown) => {
      context.refused.refused({ site: name }, error)
      throw error
    })
    context.log.info(
      { site: name, root: site.root, version: site.sequence, files: site.files, bytes: site.bytes },
      'published',
    )
    return c.json(summaryOf(context, site))
  })
}

async function put(context: HttpContext, name: SiteName, address: string, request: Request): Promise<StoredSite> {
  context.policy.check(name, address)
  const record = await readBody(request, 'record bytes', MAX_RECORD_BYTES)
  return await context.publisher.publish(name, record, { signal: request.signal })
}
