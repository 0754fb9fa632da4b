import type { Counters, Sample } from './sample.ts'
import { FAILED } from './soak.ts'
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

/** Of all visits: a machine that is busy with other work lets one run out of time now and then. */
export const MAX_FAILED_SHARE = 0.1

/**
 * Sockets that HTTP clients keep open for the next request; streams of the page that come and go on its connection to
 * the relay; and what Chromium itself keeps: a connection that is closed before its last event was told, with its channels.
 */
const SPARE: Counters = {
  'relay: sockets': 8,
  'relay: streams': 2,
  'tab: timers': 2,
  'tab: RTCPeerConnections': 2,
  'tab: RTCDataChannels': 4,
}

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

/** The visits: where nobody came, nothing was tried. */
export interface VisitsVerdict {
  /** Those that went as they should, and those that did not. */
  readonly made: number
  readonly failed: number
  readonly kinds: Soaked['visits']
  readonly enough: boolean
}

/** What a soak came to. */
export interface Verdict {
  readonly memory: readonly MemoryVerdict[]
  readonly counters: readonly CounterVerdict[]
  readonly visits: VisitsVerdict
  readonly passed: boolean
}

/** Looks at the memory's second half, when all caches are warm, at the counters' way back, and whether anyone came. */
export function verdictOf({ samples, base, end, visits: seen }: Omit<Soaked, 'shared'>): Verdict {
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
  const visits = visitsVerdict(seen)
  return { memory, counters, visits, passed: isFlat && counters.every(({ back }) => back) && visits.enough }
}

function visitsVerdict(visits: Soaked['visits']): VisitsVerdict {
  const { [FAILED]: failed = 0, ...kinds } = visits
  const made = Object.values(kinds).reduce((sum, count) => sum + count, 0)
  return { made, failed, kinds, enough: made > 0 && failed <= MAX_FAILED_SHARE * (made + failed) }
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
