import { BlackholeError, NotFoundError, parseAssetReport, parseSiteName, relayPaths } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import {
  MAX_ASSET_REPORT_BYTES,
  REPORTED_PATHS_PER_SECOND_PER_ADDRESS,
  ASSET_REPORTS_PER_SECOND_PER_ADDRESS,
} from '../../limits.ts'
import { RateError } from '../../rate-error.ts'
import { RateLimiter, addressKey } from '../../rate-limiter.ts'
import { readJson } from '../body.ts'
import type { HttpApp, HttpContext } from '../context.ts'

/** What visitors of pull zones ask for, as their workers report it. */
export function assetRoutes(app: HttpApp, context: HttpContext): void {
  const reports = new RateLimiter(context, {
    perSecond: ASSET_REPORTS_PER_SECOND_PER_ADDRESS,
    burst: 5 * ASSET_REPORTS_PER_SECOND_PER_ADDRESS,
  })
  const paths = new RateLimiter(context, {
    perSecond: REPORTED_PATHS_PER_SECOND_PER_ADDRESS,
    burst: 10 * REPORTED_PATHS_PER_SECOND_PER_ADDRESS,
  })
  app.post(relayPaths.assets(':name' as SiteName), async (c) => {
    const address = addressKey(c.get('address'))
    if (!reports.take(address)) throw new RateError('reports')
    const zone = context.pullZones.get(parseSiteName(c.req.param('name'), 'site'))
    if (zone === undefined) throw new NotFoundError('A pull zone of this name')
    const origin = c.req.header('origin')
    if (origin !== undefined && origin !== zone.init.origin)
      throw new BlackholeError('forbidden', `Pages of ${origin} are none of this zone`, { subject: 'origin' })
    const report = parseAssetReport(await readJson(c.req.raw, MAX_ASSET_REPORT_BYTES))
    zone.report({ ...report, paths: report.paths.filter(() => paths.take(address)) })
    return c.body(null, 204)
  })
}
