import { describe, expect, it } from 'vitest'
import { MIN_BURST_BYTES, RateCap } from './rate-cap.ts'

describe('RateCap', () => {
  it('lets a burst pass and then the rate, never more', () => {
    const cap = new RateCap(100_000, 0)
    let passed = 0
    for (let now = 0; now <= 10_000; now += 7) passed += cap.take(64 * 1024, now)
    expect(passed).toBeLessThanOrEqual(MIN_BURST_BYTES + 100_000 * 10)
    expect(passed).toBeGreaterThan(100_000 * 10)
  })

  it('says how long to wait', () => {
    const cap = new RateCap(1000, 0)
    cap.take(MIN_BURST_BYTES, 0)
    expect(cap.take(1000, 0)).toBe(0)
    expect(cap.waitMs(500, 0)).toBe(500)
    expect(cap.waitMs(500, 400)).toBe(100)
    expect(cap.waitMs(500, 500)).toBe(0)
    expect(cap.take(1000, 500)).toBe(500)
  })

  it('goes on at another rate', () => {
    const cap = new RateCap(1000, 0)
    cap.take(MIN_BURST_BYTES, 0)
    cap.setRate(100, 1000)
    expect(cap.take(2000, 1000)).toBe(1000)
    expect(cap.take(1000, 2000)).toBe(100)
    expect(() => {
      cap.setRate(0, 0)
    }).toThrow('above 0')
  })

  it('never waits for more than a burst', () => {
    const cap = new RateCap(1000, 0)
    expect(cap.waitMs(Number.MAX_SAFE_INTEGER, 0)).toBe(0)
  })

  it('takes back what was not used', () => {
    const cap = new RateCap(1000, 0)
    cap.take(MIN_BURST_BYTES, 0)
    cap.giveBack(100)
    expect(cap.take(1000, 0)).toBe(100)
  })

  it('is not fooled by a clock that goes back', () => {
    const cap = new RateCap(1000, 10_000)
    cap.take(MIN_BURST_BYTES, 10_000)
    expect(cap.take(1000, 0)).toBe(0)
  })

  it('knows no cap', () => {
    const cap = new RateCap(Infinity, 0)
    expect(cap.take(1e12, 0)).toBe(1e12)
    expect(cap.waitMs(1e12, 0)).toBe(0)
  })

  it.each([0, -1, Number.NaN])('refuses a rate of %s', (rate) => {
    expect(() => new RateCap(rate, 0)).toThrow(/bytesPerSecond/)
  })
})
