import { describe, expect, it } from 'vitest'
import { INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES, MIN_WINDOW_BYTES, RequestWindow } from './request-window.ts'

/** A window that measured a steady rate for a second. */
function measured(bytesPerSecond: number, rttMs: number): RequestWindow {
  const window = new RequestWindow()
  window.answered(rttMs, false, 1)
  for (let now = 1; now <= 1001; now += 10) window.received(bytesPerSecond / 100, true, now)
  return window
}

describe('RequestWindow', () => {
  it('begins with a guess', () => {
    expect(new RequestWindow().bytes).toBe(INITIAL_WINDOW_BYTES)
  })

  it('doubles with each round trip until something was measured', () => {
    const window = new RequestWindow()
    // The first bytes start the clock.
    window.received(1, true, 1)
    window.received(INITIAL_WINDOW_BYTES, true, 2)
    expect(window.bytes).toBe(2 * INITIAL_WINDOW_BYTES)
    window.received(2 * INITIAL_WINDOW_BYTES, true, 3)
    expect(window.bytes).toBe(4 * INITIAL_WINDOW_BYTES)
    window.received(2 * MAX_WINDOW_BYTES, true, 4)
    expect(window.bytes).toBe(MAX_WINDOW_BYTES)
  })

  it('is bandwidth times round trip, and some', () => {
    const window = measured(5_000_000, 80)
    expect(window.bytesPerSecond).toBeCloseTo(5_000_000, -5)
    expect(window.bytes).toBeGreaterThan(5_000_000 * 0.08)
    expect(window.bytes).toBeLessThan(5_000_000 * 0.08 * 4.5)
  })

  it('stays between its floor and the send buffer of js-libp2p', () => {
    expect(measured(10_000, 10).bytes).toBe(MIN_WINDOW_BYTES)
    expect(measured(100_000_000, 200).bytes).toBe(MAX_WINDOW_BYTES)
  })

  it('believes the smallest round trip of the last seconds', () => {
    const window = new RequestWindow()
    window.answered(50, false, 0)
    window.answered(500, false, 1000)
    expect(window.rttMs).toBe(50)
    window.answered(500, false, 20_000)
    expect(window.rttMs).toBe(500)
  })

  it('does not take the queue that it makes itself for a longer way', () => {
    const window = measured(1_000_000, 50)
    window.answered(1_000, true, 20_000)
    expect(window.rttMs).toBe(50)
    window.answered(40, true, 20_001)
    expect(window.rttMs).toBe(40)
  })

  it('does not take a pause in which nothing was asked for as slowness', () => {
    const window = measured(1_000_000, 10)
    window.received(1000, false, 1010)
    window.received(1000, true, 60_000)
    window.received(100_000, true, 60_100)
    expect(window.bytesPerSecond).toBeCloseTo(1_000_000, -4)
  })

  it('takes no rate from a few bytes, which were all that was asked for, unless they took long', () => {
    const window = new RequestWindow()
    // Two playlists: the first bytes start the clock, the second end it.
    window.received(300, true, 1_000)
    window.received(300, false, 1_120)
    window.received(300, true, 5_000)
    // A tab in the background sends each in a second of its own.
    window.received(300, false, 6_100)
    expect(window.bytesPerSecond).toBe(0)
    window.received(100, true, 9_000)
    for (let now = 9_100; now <= 10_100; now += 100) window.received(1_000, now < 10_100, now)
    expect(window.bytesPerSecond).toBe(10_000)
    window.received(100, true, 30_000)
    window.received(64 * 1024, false, 30_020)
    expect(window.bytesPerSecond).toBe(10_000)
    window.received(100, true, 31_000)
    window.received(64 * 1024, true, 31_100)
    expect(window.bytesPerSecond).toBe(655_360)
  })

  it('forgets an old rate', () => {
    const window = measured(10_000_000, 10)
    for (let now = 12_000; now <= 13_000; now += 100) window.received(1000, true, now)
    expect(window.bytesPerSecond).toBeLessThan(100_000)
  })

  it('gives slow peers more time before they count as stalled', () => {
    expect(measured(10_000_000, 10).stallMs(100_000)).toBe(1500)
    expect(measured(100_000, 400).stallMs(400_000)).toBeGreaterThan(4000)
    expect(measured(10, 400).stallMs(1_000_000)).toBe(10_000)
  })

  it('takes what came of late for more than what came once', () => {
    const window = measured(5_000_000, 80)
    const before = window.bytes
    for (let now = 1_001; now <= 3_001; now += 10) window.received(10_000, true, now)
    expect(window.latestBytesPerSecond).toBeLessThan(1_200_000)
    expect(window.bytesPerSecond).toBeCloseTo(5_000_000, -5)
    expect(window.bytes).toBeLessThan(before / 2)
    expect(window.bytes).toBeGreaterThan(1_000_000 * 0.3)
  })

  it('keeps data on its way for what the path takes and the peer until it answers, within bounds', () => {
    const horizon = (pathMs: number, rttMs: number): number => {
      const window = new RequestWindow()
      if (rttMs > 0) window.answered(rttMs, false, 1)
      window.pathMs = pathMs
      return window.horizonMs
    }
    expect(horizon(10, 10)).toBe(115)
    // At least the time until it answers, or it would stand still meanwhile.
    expect(horizon(10, 300)).toBeGreaterThan(300)
    // What it answers after seconds is a queue, which would only grow.
    expect(horizon(10, 5_000)).toBeLessThan(1_000)
    expect(horizon(300, 0)).toBeGreaterThan(300)
    expect(horizon(Infinity, 80)).toBe(220)
  })
})
