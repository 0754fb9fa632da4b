import type { SiteSummary } from '@blackhole/protocol'
import type { PullZoneStatus } from '../pull/pull-zone.ts'
import type { HttpContext } from './context.ts'
import { summaryOf } from './routes/info.ts'

/** Sites on the status page: the newest; all are under the API's list. */
const MAX_STATUS_SITES = 200

/** What the status page shows. */
export interface RelayStatus {
  readonly peerId: string
  readonly version: string
  readonly addresses: readonly string[]
  readonly uptimeMs: number
  readonly serving: boolean
  readonly peers: number
  readonly announces: number
  readonly contentBytes: { readonly http: number; readonly p2p: number }
  readonly siteCount: number
  /** Origins that are pulled from, with what each waits for. */
  readonly pull: readonly PullZoneStatus[]
  readonly sites: readonly SiteSummary[]
}

/** The relay's state now. */
export function statusOf(context: HttpContext): RelayStatus {
  const sites = context.sites.list(MAX_STATUS_SITES)
  const { peerId, version, addresses } = context.info()
  return {
    peerId,
    version,
    addresses,
    uptimeMs: Math.round(process.uptime() * 1000),
    serving: context.contentSwitch.serving,
    peers: context.registry.peers,
    announces: context.tracker.announces,
    contentBytes: { ...context.metrics.contentBytes },
    siteCount: context.sites.count(),
    pull: context.pullZones.status,
    sites: sites.map((site) => summaryOf(context, site)),
  }
}
