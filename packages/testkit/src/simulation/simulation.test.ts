import { describe, expect, it } from 'vitest'
import { seededRandom } from '../rng.ts'
import { access, arrivalTimes, GNUTELLA_ACCESS, weibull } from './draws.ts'
import { EventQueue } from './event-queue.ts'
import { Flow, FluidLinks, Line } from './fluid-links.ts'

describe('EventQueue', () => {
  it('lets events happen in time, those of one moment in the order they were scheduled', () => {
    const events = new EventQueue()
    const log: string[] = []
    const note = (name: string) => () => void log.push(`${name}@${String(events.now())}`)
    for (const [delay, name] of [
      [30, 'c'],
      [10, 'a'],
      [20, 'b1'],
      [20, 'b2'],
      [-5, 'now'],
    ] as const)
      events.schedule(delay, note(name))
    events.cancel(events.schedule(15, note('cancelled')))
    events.schedule(10, () => events.schedule(5, note('nested')))
    events.run(25)
    expect(log).toEqual(['now@0', 'a@10', 'nested@15', 'b1@20', 'b2@20'])
    expect(events.now()).toBe(25)
    events.run()
    expect(log.at(-1)).toBe('c@30')
  })

  it('keeps thousands in order', () => {
    const events = new EventQueue()
    const random = seededRandom(1)
    const times: number[] = []
    for (let at = 0; at < 5000; at += 1) events.schedule(random() * 1000, () => times.push(events.now()))
    events.run()
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times).toHaveLength(5000)
  })
})

describe('FluidLinks', () => {
  const setup = () => {
    const events = new EventQueue()
    const links = new FluidLinks(events)
    const arrived: Record<string, number> = {}
    const transfer = (name: string, bytes: number) => ({ bytes, done: () => void (arrived[name] = events.now()) })
    return { events, links, arrived, transfer }
  }

  it('shares a line equally, and gives the rest to who is left', () => {
    const { events, links, arrived, transfer } = setup()
    const from = new Line(10, 10)
    const [one, two] = [new Flow(from, new Line(100, 100)), new Flow(from, new Line(100, 100))]
    links.send(one, transfer('short', 100))
    links.send(two, transfer('long', 300))
    events.run()
    // Five each until the short one has come after 20 ms; then 200 bytes are left at ten a millisecond.
    expect(arrived).toEqual({ short: 20, long: 40 })
  })

  it('is as slow as the slower end, and slows down when another begins', () => {
    const { events, links, arrived, transfer } = setup()
    const to = new Line(1, 4)
    links.send(new Flow(new Line(100, 1), to), transfer('first', 40))
    events.schedule(5, () => links.send(new Flow(new Line(Infinity, 1), to), transfer('second', 20)))
    events.run()
    // 20 bytes in 5 ms alone; then two a millisecond for each.
    expect(arrived).toEqual({ first: 15, second: 15 })
  })

  it('sends one after the other, and takes back what is cancelled', () => {
    const { events, links, arrived, transfer } = setup()
    const flow = new Flow(new Line(1, 1), new Line(1, 1))
    const [a, b, c] = [transfer('a', 10), transfer('b', 10), transfer('c', 10)]
    for (const one of [a, b, c]) links.send(flow, one)
    events.schedule(5, () => {
      links.cancel(flow, a)
      links.cancel(flow, b)
    })
    events.run(14)
    expect(arrived).toEqual({})
    events.run()
    expect(arrived).toEqual({ c: 15 })
    links.send(flow, a)
    expect(links.clear(flow)).toEqual([a])
    expect([flow.from.sending.size, flow.to.receiving.size]).toEqual([0, 0])
  })
})

describe('draws', () => {
  const random = seededRandom(7)

  it('give lines as often as the table says', () => {
    const drawn = Array.from({ length: 10_000 }, () => access(GNUTELLA_ACCESS, random).downKbps)
    for (const { downKbps, share } of GNUTELLA_ACCESS)
      expect(drawn.filter((kbps) => kbps === downKbps).length / 10_000).toBeCloseTo(share, 1)
  })

  it('give visits with a heavy tail: the mean is far above the median', () => {
    const drawn = Array.from({ length: 10_000 }, () => weibull(0.6, 60, random)).sort((a, b) => a - b)
    // Weibull's own median and mean: scale × ln 2 ^ (1 / shape), and scale × Γ(1 + 1 / shape).
    expect(drawn[5000]).toBeCloseTo(60 * Math.log(2) ** (1 / 0.6), -1)
    expect(drawn.reduce((sum, value) => sum + value, 0) / 10_000).toBeCloseTo(90, -1)
  })

  it('give arrivals in order, at the rate that was asked for, or in a crowd, or by day', () => {
    const poisson = arrivalTimes({ kind: 'poisson', perSecond: 2 }, 2000, random)
    expect(poisson).toEqual(poisson.toSorted((a, b) => a - b))
    expect((poisson.at(-1) ?? 0) / 1000).toBeGreaterThan(900)
    expect((poisson.at(-1) ?? 0) / 1000).toBeLessThan(1100)
    const crowd = arrivalTimes({ kind: 'flash crowd', withinMs: 60_000 }, 1000, random)
    expect(crowd.filter((at) => at < 30_000).length).toBeGreaterThan(800)
    expect(crowd.at(-1)).toBeLessThan(60_000)
    const day = arrivalTimes({ kind: 'diurnal', perSecond: 1, dayMs: 1_000_000 }, 1000, random)
    const inTheMiddle = day.filter((at) => at % 1_000_000 > 250_000 && at % 1_000_000 < 750_000).length
    expect(inTheMiddle).toBeGreaterThan(750)
  })
})
