import { CONTENT_TYPES, NotFoundError, parseCid, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { manifestWay } from '@blackhole/site'
import type { CID } from 'multiformats/cid'
import { MANIFEST_BLOCKS_PER_SECOND_PER_ADDRESS } from '../../limits.ts'
import { RateError } from '../../rate-error.ts'
import { RateLimiter, addressKey } from '../../rate-limiter.ts'
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
  const limiter = new RateLimiter(context, {
    perSecond: MANIFEST_BLOCKS_PER_SECOND_PER_ADDRESS,
    burst: 20 * MANIFEST_BLOCKS_PER_SECOND_PER_ADDRESS,
  })
  app.get(relayPaths.manifestBlock(':name' as SiteName, ':cid'), async (c) => {
    if (!limiter.take(addressKey(c.get('address')))) throw new RateError('blocks of manifests')
    const site = siteOf(context, c.req.param('name'))
    await verifyPublisher(headerOf(c.req.raw, 'authorization'), site.name, context.peerId, context.now())
    const cid = parseCid(c.req.param('cid'))
    const bytes = (await isOnTheWay(context, site, cid.toString())) ? await context.vault.get(cid) : undefined
    if (bytes === undefined)
      throw new NotFoundError(`${cid.toString()} on the way to the manifest of a version of ${site.name}`)
    return new Response(bytes, { headers: { 'Content-Type': CONTENT_TYPES.raw, 'Cache-Control': 'no-store' } })
  })
}

/**
 * Whether a block leads to the manifest of a version that is held; the newest one's is what is mostly asked for. The
 * manifests themselves are not loaded: ten large ones for a block that is on no way at all would be too much to ask.
 */
async function isOnTheWay({ vault, sites }: HttpContext, site: StoredSite, cid: string): Promise<boolean> {
  const getBlock = async (block: CID): Promise<Uint8Array> => {
    const bytes = await vault.get(block)
    if (bytes === undefined) throw new NotFoundError(block.toString())
    return bytes
  }
  for (const root of new Set([site.root, ...sites.versions(site.name).map((version) => version.root)])) {
    // One that can't be read any more stands in no other's way.
    const way = await manifestWay(parseCid(root), getBlock).catch(() => undefined)
    if (way?.has(cid) === true) return true
  }
  return false
}
