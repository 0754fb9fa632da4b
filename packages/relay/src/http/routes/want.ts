import { API_PATH, parseSiteName } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { WANTS_PER_SECOND_PER_ADDRESS } from '../../federation/limits.ts'
import { RateLimiter, addressKey } from '../../rate-limiter.ts'
import type { HttpApp, HttpContext } from '../context.ts'

/** A request that names a site: of its record or token, or of its content. */
const NAMES_SITE = new RegExp(`^(?:${API_PATH}/sites|/ipns)/(k[0-9a-z]{1,100})(?:/|$)`)

/**
 * A visitor who asks for a site that this relay lacks waits while it is looked for at fellow relays and fetched;
 * the other routes then find it, or don't. Publishing is no asking.
 */
export function wantRoutes(app: HttpApp, context: HttpContext): void {
  const { federation, sites } = context
  if (federation === undefined) return
  const limiter = new RateLimiter(context, {
    perSecond: WANTS_PER_SECOND_PER_ADDRESS,
    burst: 10 * WANTS_PER_SECOND_PER_ADDRESS,
  })
  app.use('*', async (c, next) => {
    const { method } = c.req
    const target = c.get('target')
    const [, named] = NAMES_SITE.exec(c.req.path) ?? []
    const name = target.kind === 'site' ? target.name : siteNamed(named)
    const isAsking = method === 'GET' || method === 'HEAD' || (method === 'POST' && c.req.path.endsWith('/token'))
    if (name !== undefined && isAsking && sites.get(name) === undefined && limiter.take(addressKey(c.get('address'))))
      await federation.want(name, c.get('address'))
    await next()
  })
}

function siteNamed(text: string | undefined): SiteName | undefined {
  try {
    return text === undefined ? undefined : parseSiteName(text)
  } catch {
    return undefined
  }
}
