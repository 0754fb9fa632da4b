import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'

/** What the gauges read when they are scraped. */
export interface MetricSources {
  peers(): number
  holders(): number
  connections(): number
  reservations(): number
  swarms(): number
  sites(): number
  blockBytes(): number
  stunAnswered(): number
  announces(): number
  fellows(): number
  fellowsIgnored(): number
  refusedRecords(): number
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
    gauge('blackhole_connections', 'Open libp2p connections', () => sources.connections())
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
    counter('blackhole_stun_answers_total', 'STUN requests answered', () => sources.stunAnswered())
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
