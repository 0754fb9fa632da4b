import type { VisitorReport } from '@blackhole/protocol'
import type { Transport } from '../metrics.ts'
import { TimeSeries, percentile, type Summary, type TimeSeriesView } from './time-series.ts'

/** What is kept over time. Bytes are those of a step, `loadMs` is a 95th percentile, the rest is how it was at its end. */
const COLUMNS = {
  /** Content bytes that this relay sent over HTTP, and to peers as a last resort. */
  http: 'sum',
  p2p: 'sum',
  /** Visitors in swarms, and those of them that hold pieces. */
  peers: 'last',
  holders: 'last',
  announces: 'sum',
  /** Copies of their pieces that visitors hold, of the scarcest site and the middle one of those that have visitors. */
  copiesLeast: 'last',
  copiesMedian: 'last',
  /** As visitors report who agreed to: bytes that came from other visitors, over HTTP and from their own store. */
  visitorPeers: 'sum',
  visitorHttp: 'sum',
  visitorLocal: 'sum',
  /** How long pages took to load, in ms. */
  loadMs: 'p95',
} as const satisfies Record<string, Summary>

/** Name of a column of a relay's history. */
export type HistoryColumn = keyof typeof COLUMNS

/** How far back a history goes, and how finely. */
export const HISTORY_SPANS = Object.freeze({
  hour: { stepMs: 10_000, steps: 360 },
  day: { stepMs: 5 * 60_000, steps: 288 },
})

export type HistorySpan = keyof typeof HISTORY_SPANS

/** What a {@link History} reads. */
export interface HistorySources {
  now: () => number
  /** 0 to 1, 1 excluded. */
  random: () => number
  peers: () => number
  holders: () => number
  announces: () => number
  /** Copies of the pieces of each site that has visitors, ascending. */
  copies: () => readonly number[]
  contentBytes: () => Readonly<Record<Transport, number>>
}

/** What a relay did in the last hour and the last day, in memory: it begins anew with the process. */
export class History {
  readonly #sources: HistorySources
  readonly #series: Readonly<Record<HistorySpan, TimeSeries<HistoryColumn>>>
  #before: { http: number; p2p: number; announces: number }
  #timer: NodeJS.Timeout | undefined

  constructor(sources: HistorySources) {
    this.#sources = sources
    const series = (span: HistorySpan): TimeSeries<HistoryColumn> =>
      new TimeSeries(sources, { ...HISTORY_SPANS[span], columns: COLUMNS })
    this.#series = { hour: series('hour'), day: series('day') }
    this.#before = this.#counters()
  }

  /** @param onStep - called after each sample, every ten seconds */
  start(onStep: () => void): void {
    this.#timer = setInterval(() => {
      this.sample()
      onStep()
    }, HISTORY_SPANS.hour.stepMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Notes how it is now, and what was counted since the last time. */
  sample(): void {
    const counters = this.#counters()
    const { http, p2p, announces } = this.#before
    this.#before = counters
    const copies = this.#sources.copies()
    const [least, median] = [copies[0], percentile(copies, 0.5)]
    this.#add({
      ...(least === undefined || median === null ? {} : { copiesLeast: least, copiesMedian: median }),
      http: counters.http - http,
      p2p: counters.p2p - p2p,
      announces: counters.announces - announces,
      peers: this.#sources.peers(),
      holders: this.#sources.holders(),
    })
  }

  /** Notes what a visitor told. */
  report({ peers, http, local, loadMs }: VisitorReport): void {
    this.#add({
      visitorPeers: peers,
      visitorHttp: http,
      visitorLocal: local,
      ...(loadMs === undefined ? {} : { loadMs }),
    })
  }

  /** What was noted, and what came since the last sample. */
  read(span: HistorySpan): TimeSeriesView<HistoryColumn> {
    this.sample()
    return this.#series[span].read(this.#sources.now())
  }

  #add(values: Partial<Record<HistoryColumn, number>>): void {
    const now = this.#sources.now()
    for (const series of Object.values(this.#series)) series.add(now, values)
  }

  #counters(): { http: number; p2p: number; announces: number } {
    return { ...this.#sources.contentBytes(), announces: this.#sources.announces() }
  }
}
