import { ratio, row, valueOf } from '../harness/report.ts'
import { Lfu } from './policies/lfu.ts'
import { Lrfu } from './policies/lrfu.ts'
import { Lru } from './policies/lru.ts'
import { PieceStorePlan } from './policies/piece-store-plan.ts'
import { S3Fifo } from './policies/s3-fifo.ts'
import { WTinyLfu } from './policies/w-tiny-lfu.ts'
import { realSites } from './site-model.ts'
import { Trace } from './trace.ts'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings, Row } from '../harness/report.ts'
import type { CacheRequest, MakePolicy } from './policies/policy.ts'

/** The policies that are compared. */
export const POLICIES: Readonly<Record<string, MakePolicy>> = Object.freeze({
  LRU: (capacity) => new Lru(capacity),
  LFU: (capacity) => new Lfu(capacity),
  'S3-FIFO': (capacity) => new S3Fifo(capacity),
  'W-TinyLFU': (capacity) => new WTinyLfu(capacity),
  'W-TinyLFU, window 20 %': (capacity) => new WTinyLfu(capacity, 0.2),
  LRFU: (capacity) => new Lrfu(capacity),
  'piece store': (capacity) => new PieceStorePlan(capacity),
})

/** Sizes of the cache, as parts of what all pieces of the trace take. */
const CAPACITIES = [0.01, 0.03, 0.1, 0.3]

/** Traces, each of another seed. */
const DEFAULT_RUNS = 3

/** Hits as parts of requests and of bytes, 0 to 1. */
export interface HitRatios {
  readonly requests: number
  readonly bytes: number
}

/** Plays requests to a new cache. */
export function play(requests: readonly CacheRequest[], make: MakePolicy, capacity: number): HitRatios {
  const cache = make(capacity)
  let [hits, bytes, hitBytes] = [0, 0, 0]
  for (const request of requests) {
    bytes += request.size
    if (!cache.request(request)) continue
    hits += 1
    hitBytes += request.size
  }
  return { requests: hits / Math.max(1, requests.length), bytes: hitBytes / Math.max(1, bytes) }
}

/** Which pieces a cache should keep: hit ratios of the policies on traces of visits to real sites. */
export async function cache(options: BenchOptions): Promise<Findings> {
  const models = realSites()
  const traces = Array.from({ length: options.runs || DEFAULT_RUNS }, (_, at) => new Trace(models, { seed: at + 1 }))
  for (const trace of traces)
    console.error(
      `${trace.requests.length} requests for ${trace.pieces} pieces of ${Math.round(trace.footprint / 1e6)} MB, ` +
        `${Math.round(trace.oneHitWonders * 100)} % of them once`,
    )
  const rows: Row[] = []
  for (const share of CAPACITIES) {
    for (const [name, make] of Object.entries(POLICIES)) {
      if (!name.includes(options.only)) continue
      const found = traces.map((trace) => play(trace.requests, make, share * trace.footprint))
      for (const kind of ['requests', 'bytes'] as const)
        rows.push(
          row(
            `${name}, ${kind}, ${String(share * 100)} %`,
            '%',
            found.map((ratios) => ratios[kind] * 100),
          ),
        )
    }
  }
  const against = (kind: string, other: string, share: number): number =>
    valueOf(rows, `piece store, ${kind}, ${String(share * 100)} %`) /
    valueOf(rows, `${other}, ${kind}, ${String(share * 100)} %`)
  return {
    rows,
    ratios: CAPACITIES.flatMap((share) =>
      ['LRU', 'LFU'].map((other) =>
        ratio(
          `piece store ÷ ${other}, hits, cache of ${String(share * 100)} %`,
          against('requests', other, share),
          '>=',
          0.995,
        ),
      ),
    ),
  }
}
