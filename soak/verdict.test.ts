import { describe, expect, it } from 'vitest'
import { trendOf } from './trend.ts'
import { verdictOf } from './verdict.ts'
import type { Sample } from './sample.ts'

const MB = 1_000_000
const VISITS = { 'process: kill': 9, 'page: close': 10 }
const BASE = { 'relay: connections': 1, 'tab: bytes stored': 8 * MB }

/** Half an hour, a look every ten seconds, with the noise of a collector. */
function samples(heap: (minutes: number) => number): Sample[] {
  return Array.from({ length: 180 }, (_, at) => {
    const minutes = at / 6
    const noise = ((at * 7) % 5) * 0.2
    return { minutes, memory: { 'relay: heap': (heap(minutes) + noise) * MB }, counters: BASE }
  })
}

describe('the trend of a series', () => {
  it('is that of most pairs, whatever a few values say', () => {
    const points = Array.from({ length: 60 }, (_, at) => [at, at === 30 ? 900 : 10 + at / 60] as const)
    const { perHour, growth } = trendOf('x', points)
    expect(perHour).toBeCloseTo(1, 5)
    expect(growth).toBeCloseTo(59 / 600, 3)
  })

  it('needs two values', () => {
    expect(() => trendOf('x', [[1, 2]])).toThrow('x: 1 values have no trend')
  })
})

describe('the verdict', () => {
  const end = { ...BASE }

  it('lets memory rise while caches fill, and then stay', () => {
    const verdict = verdictOf({
      samples: samples((minutes) => 40 + Math.min(10, minutes)),
      base: BASE,
      end,
      visits: VISITS,
    })
    expect(verdict.memory).toMatchObject([{ name: 'relay: heap', flat: true }])
    expect(verdict.passed).toBe(true)
  })

  it('fails for 12 MB an hour, which no single look shows', () => {
    expect(verdictOf({ samples: samples((minutes) => 40 + minutes / 5), base: BASE, end, visits: VISITS }).passed).toBe(
      false,
    )
  })

  it('fails for a connection that is left, and for a store above its budget', () => {
    const flat = samples(() => 40)
    expect(
      verdictOf({ samples: flat, base: BASE, end: { ...end, 'relay: connections': 2 }, visits: VISITS }).passed,
    ).toBe(false)
    expect(
      verdictOf({ samples: flat, base: BASE, end: { ...end, 'tab: bytes stored': 20 * MB }, visits: VISITS }).passed,
    ).toBe(false)
  })

  it('fails when visits failed: where nobody comes, nothing leaks', () => {
    const flat = { samples: samples(() => 40), base: BASE, end }
    expect(verdictOf({ ...flat, visits: { failed: 20 } })).toMatchObject({
      passed: false,
      visits: { made: 0, failed: 20 },
    })
    expect(verdictOf({ ...flat, visits: {} }).passed).toBe(false)
    expect(verdictOf({ ...flat, visits: { ...VISITS, failed: 2 } }).passed).toBe(true)
    expect(verdictOf({ ...flat, visits: { ...VISITS, failed: 3 } }).passed).toBe(false)
  })
})
