import type { Counters, Sample } from './sample.ts'
import type { Soaked } from './soak.ts'
import { STORAGE_LIMIT_BYTES } from './soaked-site.ts'
import { type Trend, trendOf } from './trend.ts'

const MB = 1_000_000

/** What a series of the memory may grow by in the second half, as a part of what it began with … */
export const MAX_GROWTH = 0.05

/** … and in MB an hour. Resident memory counts pages that a collector has freed and kept. */
export const MAX_MB_PER_HOUR = Object.freeze({ heap: 6, resident: 30 })

/** Evicted pieces are on disk until the browser's database is compacted; the budget counts what is stored. */
const STORED_OVERHEAD = 1.5

/** Sockets that HTTP clients keep open for the next request; closed connections whose last event Chromium itself holds. */
const SPARE: Counters = { 'relay: sockets': 8, 'tab: timers': 2, 'tab: RTCPeerConnections': 2 }

/** One of the memory's series. */
export interface MemoryVerdict extends Trend {
  readonly flat: boolean
}

/** One of the counters. */
export interface CounterVerdict {
  readonly name: string
  readonly base: number
  readonly peak: number
  readonly end: number
  readonly back: boolean
}

/** What a soak came to. */
export interface Verdict {
  readonly memory: readonly MemoryVerdict[]
  readonly counters: readonly CounterVerdict[]
  readonly passed: boolean
}

/** Looks at the memory's second half, when all caches are warm, and at the counters' way back. */
export function verdictOf({ samples, base, end }: Pick<Soaked, 'samples' | 'base' | 'end'>): Verdict {
  const minutes = samples.at(-1)?.minutes ?? 0
  const late = samples.filter((sample) => sample.minutes >= minutes / 2)
  const memory = names(samples.map((sample) => sample.memory)).flatMap((name) => {
    const points = late.flatMap((sample) => {
      const bytes = sample.memory[name]
      return bytes === undefined ? [] : [[sample.minutes, bytes / MB] as const]
    })
    if (points.length < 2) return []
    const trend = trendOf(name, points)
    const mostPerHour = name.endsWith('heap') ? MAX_MB_PER_HOUR.heap : MAX_MB_PER_HOUR.resident
    return [{ ...trend, flat: trend.growth < MAX_GROWTH && trend.perHour < mostPerHour }]
  })
  const counters = names([base, end]).map((name) => counterVerdict(name, samples, base, end))
  const isFlat = memory.length > 0 && memory.every(({ flat }) => flat)
  return { memory, counters, passed: isFlat && counters.every(({ back }) => back) }
}

function counterVerdict(name: string, samples: readonly Sample[], base: Counters, end: Counters): CounterVerdict {
  const [from, to] = [base[name] ?? 0, end[name] ?? 0]
  const peak = Math.max(from, to, ...samples.map(({ counters }) => counters[name] ?? 0))
  if (name === 'tab: bytes stored')
    return { name, base: from, peak, end: to, back: peak <= STORAGE_LIMIT_BYTES * STORED_OVERHEAD }
  return { name, base: from, peak, end: to, back: to <= from + (SPARE[name] ?? 0) }
}

function names(all: readonly Counters[]): string[] {
  return [...new Set(all.flatMap((each) => Object.keys(each)))]
}
