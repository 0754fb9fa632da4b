import { BlackholeError, ValidationError, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { MAX_JSON_BYTES, TOKENS_PER_SECOND_PER_ADDRESS } from '../../limits.ts'
import { RateLimiter, addressKey } from '../../rate-limiter.ts'
import { readJson } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'
import { hostNameOf } from '../hosts.ts'
import { mayJoin } from '../origin-rule.ts'
import { RateError } from '../../rate-error.ts'
import { siteOf } from './info.ts'

/** Permission to join a site's swarm, for pages of the site and for programs. */
export function tokenRoutes(app: HttpApp, context: HttpContext): void {
  const limiter = new RateLimiter(context, {
    perSecond: TOKENS_PER_SECOND_PER_ADDRESS,
    burst: 5 * TOKENS_PER_SECOND_PER_ADDRESS,
  })
  app.post(relayPaths.token(':name' as SiteName), async (c) => {
    if (!limiter.take(addressKey(c.get('address')))) throw new RateError('tokens')
    const site = siteOf(context, c.req.param('name'))
    const origin = c.req.header('origin')
    const host = hostNameOf(URL.parse(origin ?? '')?.host ?? '')
    const linked = origin === undefined ? undefined : await context.dnslink?.lookUp(host)
    if (!mayJoin(origin, site, context.hosts, linked, context.federation?.siteHosts())) {
      throw new BlackholeError(
        'forbidden',
        `Pages of ${String(origin)} may not join the swarm of ${site.name}. Its owner can allow them when publishing`,
        { subject: 'origin' },
      )
    }
    const { peer, want } = await readJson(c.req.raw, MAX_JSON_BYTES)
    const wanted = parseWant(want)
    const token = await context.tokens.issue(site.name, peer)
    c.header('Cache-Control', 'no-store')
    if (wanted === 0) return c.json(token)
    const reply = context.tracker.introduce(site.name, String(peer), wanted, c.get('address'))
    return c.json({ ...token, swarm: Buffer.from(reply).toString('base64') })
  })
}

function parseWant(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new ValidationError('want', 'a whole number', value)
  return value
}
