import { describe, expect, it } from 'vitest'
import { Crowd } from './crowd.ts'
import { announceBytes, relayCost } from './relay-cost.ts'
import type { Scenario } from './scenario.ts'

const CROWD: Partial<Scenario> = { visitors: 120, pieces: 48, sourceKbps: 8_000, stayScaleMs: 300_000 }

const run = (scenario: Partial<Scenario>) => new Crowd({ ...CROWD, ...scenario }).run()

describe('a simulated crowd', () => {
  it('does the same to the byte for the same seed, and something else for another', () => {
    const first = JSON.stringify(run({ seed: 3, visitors: 40 }))
    expect(JSON.stringify(run({ seed: 3, visitors: 40 }))).toBe(first)
    expect(JSON.stringify(run({ seed: 4, visitors: 40 }))).not.toBe(first)
  })

  it('serves itself: the relay sends each piece a few times, and visitors the rest', () => {
    const { bytes, completions, visitors, samples } = run({})
    const site = 48 * 128 * 1024
    expect(visitors).toBe(120)
    expect(completions.length).toBeGreaterThan(60)
    expect(bytes.origin).toBeGreaterThanOrEqual(site)
    expect(bytes.peers + bytes.origin).toBeGreaterThanOrEqual(completions.length * site)
    expect(bytes.peers).toBeGreaterThan(4 * bytes.origin)
    // All have gone at the end.
    expect(samples.at(-1)?.online).toBeLessThan(3)
  })

  it('is sooner done, and holds the rarest piece more often, with rarest first than in order', () => {
    const rarest = run({})
    const inOrder = run({ order: 'in order' })
    const median = ({ completions }: typeof rarest) => completions[completions.length >>> 1] ?? Infinity
    expect(median(rarest)).toBeLessThan(median(inOrder))
    const early = ({ samples }: typeof rarest) =>
      samples.slice(0, 12).reduce((sum, { rarest: copies }) => sum + copies, 0)
    expect(early(rarest)).toBeGreaterThan(early(inOrder))
  })

  it('takes more from the origin the fewer visitors there are at once', () => {
    const browse = (perSecond: number) => {
      const { bytes } = run({ visit: 'browse', visitors: 150, arrivals: { kind: 'poisson', perSecond } })
      return bytes.peers / (bytes.peers + bytes.origin)
    }
    expect(browse(2)).toBeGreaterThan(browse(0.02) + 0.1)
  })

  it('copes with visitors who come by day', () => {
    const day = run({ visit: 'browse', arrivals: { kind: 'diurnal', perSecond: 0.5, dayMs: 200_000 } })
    expect(day.visitors).toBe(120)
    expect(day.announces).toBeGreaterThan(120)
  })
})

it('knows how long an announce and its answer are on the wire: site and token are said once on a stream', () => {
  const few = announceBytes({ named: 0, isFirst: false })
  expect(few).toBeLessThan(100)
  expect(announceBytes({ named: 10, isFirst: false }) - few).toBeGreaterThan(10 * 38)
  expect(announceBytes({ named: 0, isFirst: true }) - few).toBeGreaterThan(500)
})

it('charges a relay for the site and token of each visitor once, however often it announces', () => {
  const outcome = { visitors: 2_000, announces: 2_000, named: 0, dials: 0, arrivingMs: 1_000 }
  const bytes = { origin: 0, landing: 0, peers: 0 }
  const once = relayCost({ ...outcome, bytes }).announceBytes
  expect(once).toBe(1_000 * announceBytes({ named: 0, isFirst: true }))
  const thrice = relayCost({ ...outcome, bytes, announces: 6_000 }).announceBytes
  expect(thrice - once).toBe(2_000 * announceBytes({ named: 0, isFirst: false }))
})
