import { TokenError, ValidationError, readToken, relayPaths } from '@blackhole/protocol'
import type { SiteName, VisitorReport } from '@blackhole/protocol'
import { MAX_REPORTED_BYTES, MAX_REPORTED_LOAD_MS, VISITOR_REPORTS_PER_SECOND_PER_ADDRESS } from '../../limits.ts'
import { RateError } from '../../rate-error.ts'
import { RateLimiter, addressKey } from '../../rate-limiter.ts'
import { readJson } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'
import { siteOf } from './info.ts'

/** A report is a few numbers. */
const MAX_BODY_BYTES = 1024

/** What visitors tell who agreed to: sums for the operator's charts, nothing of it is kept by visitor. */
export function reportRoutes(app: HttpApp, context: HttpContext): void {
  const limiter = new RateLimiter(context, {
    perSecond: VISITOR_REPORTS_PER_SECOND_PER_ADDRESS,
    burst: 5 * VISITOR_REPORTS_PER_SECOND_PER_ADDRESS,
  })
  app.post(relayPaths.report(':name' as SiteName), async (c) => {
    if (!limiter.take(addressKey(c.get('address')))) throw new RateError('reports')
    const site = siteOf(context, c.req.param('name'))
    const token = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (token === undefined)
      throw new TokenError('forbidden', 'A report needs the token with which its peer joined the swarm', {
        subject: 'authorization',
      })
    await context.tokens.verify(token, site.name, readToken(token).sub ?? '')
    context.history.report(parseVisitorReport(await readJson(c.req.raw, MAX_BODY_BYTES)))
    return c.body(null, 204)
  })
}

/**
 * Checks what a visitor reports.
 *
 * @throws {ValidationError} naming the field
 */
export function parseVisitorReport(report: Readonly<Record<string, unknown>>): VisitorReport {
  const number = (field: string, most: number): number => {
    const value = report[field]
    if (typeof value !== 'number' || !(value >= 0 && value <= most))
      throw new ValidationError(`report.${field}`, `a number from 0 to ${String(most)}`, value)
    return value
  }
  return {
    peers: number('peers', MAX_REPORTED_BYTES),
    http: number('http', MAX_REPORTED_BYTES),
    local: number('local', MAX_REPORTED_BYTES),
    ...(report['loadMs'] === undefined ? {} : { loadMs: number('loadMs', MAX_REPORTED_LOAD_MS) }),
  }
}
