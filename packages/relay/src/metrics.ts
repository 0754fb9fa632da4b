import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import { percentile } from './history/time-series.ts'
import { PULL_RESULTS } from './pull/pull-counts.ts'
import type { PullCounts } from './pull/pull-counts.ts'

/** What the gauges read when they are scraped. */
export interface MetricSources {
  peers(): number
  holders(): number
  /** Copies of the pieces of each site that has visitors, ascending. */
  copies(): readonly number[]
  connections(): number
  streams(): number
  reservations(): number
  swarms(): number
  sites(): number
  blockBytes(): number
  stunAnswered(): number
  announces(): number
  fellows(): number
  fellowsIgnored(): number
  refusedRecords(): number
  bannedPublishers(): number
  pullZones(): readonly (PullCounts & { readonly origin: string })[]
}

/** How content bytes left the relay. */
export type Transport = 'http' | 'p2p'

/**
 * The relay's measurements in Prometheus' form, in a registry of their own so
 * that two relays in one process don't mix.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly #bytes = { http: 0, p2p: 0 }
  readonly #contentBytes: Counter<'transport'>
  readonly #uploadedBytes: Counter
  readonly #requests: Counter<'status'>

  constructor(sources: MetricSources) {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    this.#contentBytes = new Counter({
      name: 'blackhole_content_bytes_total',
      help: 'Bytes of site content that the relay sent',
      labelNames: ['transport'],
      registers,
    })
    this.#contentBytes.inc({ transport: 'http' }, 0)
    this.#contentBytes.inc({ transport: 'p2p' }, 0)
    this.#uploadedBytes = new Counter({
      name: 'blackhole_uploaded_bytes_total',
      help: 'Bytes of new blocks that publishers sent',
      registers,
    })
    this.#requests = new Counter({
      name: 'blackhole_http_requests_total',
      help: 'HTTP requests answered, by class of status',
      labelNames: ['status'],
      registers,
    })
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    }
    const counter = (name: string, help: string, read: () => number): void => {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read())
        },
      })
    }
    gauge('blackhole_peers', 'Visitors in the swarms of this relay', () => sources.peers())
    gauge('blackhole_holders', 'Those of them that hold pieces', () => sources.holders())
    gauge(
      'blackhole_copies_least',
      'Copies of its pieces that visitors hold, of the site that has the fewest; 0 without visitors',
      () => sources.copies()[0] ?? 0,
    )
    gauge(
      'blackhole_copies_median',
      'The same of the middle one of the sites that have visitors',
      () => percentile(sources.copies(), 0.5) ?? 0,
    )
    gauge('blackhole_connections', 'Open libp2p connections', () => sources.connections())
    gauge('blackhole_streams', 'Open streams of these connections', () => sources.streams())
    gauge('blackhole_reservations', 'Circuit relay reservations', () => sources.reservations())
    gauge('blackhole_swarms', 'Sites of which the relay is a peer of last resort now', () => sources.swarms())
    gauge('blackhole_sites', 'Sites held', () => sources.sites())
    gauge('blackhole_block_bytes', 'Bytes of blocks held', () => sources.blockBytes())
    counter('blackhole_announces_total', 'Announcements heard by the tracker', () => sources.announces())
    gauge('blackhole_federation_fellows', 'Relays of the federation that are linked', () => sources.fellows())
    gauge(
      'blackhole_federation_fellows_ignored',
      'Those of them that sent so many bad records that their messages are not looked at',
      () => sources.fellowsIgnored(),
    )
    counter(
      'blackhole_federation_refused_records_total',
      'Records of fellows that were forged, malformed or replayed',
      () => sources.refusedRecords(),
    )
    counter(
      'blackhole_banned_publishers_total',
      'Bans from publishing for a while, of addresses and sites, for records that were replayed, forged or not their owner’s',
      () => sources.bannedPublishers(),
    )
    counter('blackhole_stun_answers_total', 'STUN requests answered', () => sources.stunAnswered())
    this.#addPullZones(sources)
  }

  #addPullZones(sources: MetricSources): void {
    const registers = [this.registry]
    new Counter({
      name: 'blackhole_pull_requests_total',
      help: 'What visitors asked pull zones for, by origin and what became of it',
      labelNames: ['origin', 'result'],
      registers,
      collect() {
        this.reset()
        for (const { origin, requests } of sources.pullZones())
          for (const result of PULL_RESULTS) this.inc({ origin, result }, requests[result])
      },
    })
    const bytes = (name: string, help: string, read: (counts: PullCounts) => number): void => {
      new Counter({
        name,
        help,
        labelNames: ['origin'],
        registers,
        collect() {
          this.reset()
          for (const zone of sources.pullZones()) this.inc({ origin: zone.origin }, read(zone))
        },
      })
    }
    bytes('blackhole_pull_origin_bytes_total', 'Bytes that origins sent to pull zones', (zone) => zone.originBytes)
    bytes(
      'blackhole_pull_saved_bytes_total',
      'Bytes of held assets that visitors reported to have asked for',
      (zone) => zone.savedBytes,
    )
  }

  /** Content bytes sent so far. */
  get contentBytes(): Readonly<Record<Transport, number>> {
    return this.#bytes
  }

  /** Notes content bytes that were sent. */
  sent(transport: Transport, bytes: number): void {
    this.#bytes[transport] += bytes
    this.#contentBytes.inc({ transport }, bytes)
  }

  /** Notes bytes of new blocks. */
  uploaded(bytes: number): void {
    this.#uploadedBytes.inc(bytes)
  }

  /** Notes an answered request. */
  answered(status: number): void {
    this.#requests.inc({ status: `${String(Math.floor(status / 100))}xx` })
  }
}
