import { expect, test } from 'vitest'
import { BAN_MARK, DIAL_MEASURE, SwarmTiming } from './swarm-timing.ts'

test('dials and bans stand in the timeline', () => {
  const timing = new SwarmTiming({ performance })
  timing.dialled({ peer: 'a', ms: 20 })
  timing.dialled({ peer: 'b', ms: 1e9 })
  timing.banned({ peer: 'c', reason: 'corrupt', cid: 'd' })

  // In the order of their starts.
  const [b, a] = performance.getEntriesByName(DIAL_MEASURE) as PerformanceMeasure[]
  expect(a).toMatchObject({ detail: { peer: 'a' } })
  expect(a?.duration).toBeCloseTo(20)
  expect(b?.startTime).toBe(0)
  expect(performance.getEntriesByName(BAN_MARK)).toMatchObject([{ detail: { peer: 'c', reason: 'corrupt', cid: 'd' } }])
})

test('the timeline does not fill up', () => {
  let entries = 0
  const count = (): PerformanceMeasure => {
    entries++
    return {} as PerformanceMeasure
  }
  const timing = new SwarmTiming({ performance: { now: () => 0, mark: count, measure: count } })
  for (let dial = 0; dial < 5_000; dial++) timing.dialled({ peer: 'a', ms: 1 })
  expect(entries).toBe(1_000)
})
