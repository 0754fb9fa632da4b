import { describe, expect, it } from 'vitest'
import { History } from './history.ts'
import { TimeSeries, percentile } from './time-series.ts'

const COLUMNS = { bytes: 'sum', peers: 'last', loadMs: 'p95' } as const

describe('TimeSeries', () => {
  const seriesOf = (): TimeSeries<keyof typeof COLUMNS> =>
    new TimeSeries({ random: () => 0 }, { stepMs: 10, steps: 4, columns: COLUMNS })

  it('adds up, keeps the newest, or takes a percentile of each step; steps without values are empty', () => {
    const series = seriesOf()
    series.add(100, { bytes: 1, peers: 5, loadMs: 20 })
    series.add(109, { bytes: 2, peers: 6, loadMs: 10 })
    series.add(125, { bytes: 4 })
    expect(series.read(139)).toEqual({
      stepMs: 10,
      from: 100,
      columns: { bytes: [3, null, 4, null], peers: [6, null, null, null], loadMs: [20, null, null, null] },
    })
  })

  it('forgets what is older than its steps, also after a long silence', () => {
    const series = seriesOf()
    series.add(100, { bytes: 1, loadMs: 1 })
    series.add(140, { bytes: 2, loadMs: 2 })
    expect(series.read(140).columns).toMatchObject({ bytes: [null, null, null, 2], loadMs: [null, null, null, 2] })
    expect(series.read(1_000_000).columns.bytes).toEqual([null, null, null, null])
  })

  it('counts what comes late to the newest step, since a clock may be set back', () => {
    const series = seriesOf()
    series.add(130, { bytes: 1 })
    series.add(100, { bytes: 2 })
    expect(series.read(110)).toMatchObject({ from: 100, columns: { bytes: [null, null, null, 3] } })
  })

  it('holds the same memory however many values come in one step', () => {
    const series = seriesOf()
    for (let value = 0; value < 10_000; value += 1) series.add(100, { loadMs: value })
    expect(series.read(100).columns.loadMs.at(-1)).toBeLessThan(300)
  })
})

it('percentile is by nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([percentile(values, 0.95), percentile([7], 0.95), percentile([], 0.95)]).toEqual([95, 7, null])
})

it('a history has what was counted between samples, and what visitors told', () => {
  let now = 1_000_000
  const counted = { http: 500, p2p: 0 }
  const history = new History({
    now: () => now,
    random: () => 0,
    peers: () => 3,
    holders: () => 2,
    copies: () => [0.5, 2, 7],
    announces: () => counted.http / 100,
    contentBytes: () => counted,
  })
  // What the relay did before is not of this step.
  expect(history.read('hour').columns.http.at(-1)).toBe(0)
  now += 10_000
  counted.http += 1_000
  counted.p2p += 10
  history.report({ peers: 70, http: 30, local: 5, loadMs: 400 })
  history.report({ peers: 30, http: 0, local: 0 })
  const newest = (span: 'hour' | 'day'): unknown =>
    Object.fromEntries(Object.entries(history.read(span).columns).map(([name, values]) => [name, values.at(-1)]))
  const expected = {
    ...{ http: 1_000, p2p: 10, peers: 3, holders: 2, announces: 10, copiesLeast: 0.5, copiesMedian: 2 },
    ...{ visitorPeers: 100, visitorHttp: 30, visitorLocal: 5, loadMs: 400 },
  }
  expect(newest('hour')).toEqual(expected)
  expect(newest('day')).toEqual(expected)
})
