import { describe, expect, it } from 'vitest'
import { Downlink } from './downlink.ts'

/** Lets bytes arrive at a rate for a while, and tells when that was over. */
function arrive(line: Downlink, bytesPerSecond: number, fromMs: number, ms: number): number {
  for (let now = fromMs; now < fromMs + ms; now += 10) line.received(bytesPerSecond / 100, now)
  return fromMs + ms
}

describe('Downlink', () => {
  it('is never full before anything was measured', () => {
    const line = new Downlink()
    expect(line.fullRate).toBe(Infinity)
    expect(line.mayAsk).toBe(0)
  })

  it('lets twice as much be asked for as came, for as long as that brings more', () => {
    const line = new Downlink()
    let now = arrive(line, 250_000, 1, 320)
    expect(line.mayAsk).toBeCloseTo(500_000, -5)
    now = arrive(line, 500_000, now, 320)
    expect(line.mayAsk).toBeGreaterThan(800_000)
    expect(line.fullRate).toBe(Infinity)
    arrive(line, 1_000_000, now, 320)
    expect(line.mayAsk).toBeGreaterThan(1_600_000)
  })

  it('knows what it carries when asking for more brings no more', () => {
    const line = new Downlink()
    arrive(line, 2_500_000, 1, 2_000)
    expect(line.fullRate).toBeCloseTo(2_500_000, -5)
    expect(line.mayAsk).toBeGreaterThan(2_500_000)
    expect(line.mayAsk).toBeLessThan(3_000_000)
  })

  it('has room again as soon as less comes, whoever was to fill it', () => {
    const line = new Downlink()
    const now = arrive(line, 2_500_000, 1, 2_000)
    arrive(line, 1_000_000, now, 1_000)
    expect(line.fullRate).toBe(Infinity)
    // What it can carry is not forgotten.
    expect(line.mayAsk).toBeGreaterThan(2_500_000)
  })

  it('forgets what it carried once, when it has carried less for long', () => {
    const line = new Downlink()
    const now = arrive(line, 2_500_000, 1, 2_000)
    arrive(line, 1_000_000, now, 12_000)
    expect(line.fullRate).toBeCloseTo(1_000_000, -5)
  })

  it('sees that it became faster', () => {
    const line = new Downlink()
    const now = arrive(line, 1_000_000, 1, 2_000)
    arrive(line, 2_000_000, now, 1_100)
    expect(line.fullRate).toBeCloseTo(2_000_000, -5)
  })

  it('does not take a pause of ours for a slow line', () => {
    const line = new Downlink()
    const now = arrive(line, 2_500_000, 1, 2_000)
    arrive(line, 2_500_000, now + 60_000, 700)
    expect(line.fullRate).toBeCloseTo(2_500_000, -5)
  })

  it('goes on where the clock was set back', () => {
    const line = new Downlink()
    arrive(line, 1_000_000, 10_000_000, 2_000)
    arrive(line, 2_500_000, 1_000, 2_000)
    expect(line.fullRate).toBeCloseTo(2_500_000, -5)
  })

  it('takes neither the wait of a blocked thread nor what comes at once after it for its rate', () => {
    const line = new Downlink()
    const now = arrive(line, 2_500_000, 1, 2_000)
    line.received(4_000_000, now + 2_000)
    arrive(line, 2_500_000, now + 2_010, 600)
    expect(line.fullRate).toBeCloseTo(2_500_000, -5)
  })
})
