import { describe, expect, it } from 'vitest'
import { compareResources, resourceFindings } from './resource-times.ts'
import type { TimedVisit } from './resource-times.ts'

/** A visit from 1000 on; each resource as [path, asked, whole] after that. */
function visit(resources: readonly (readonly [string, number, number])[], staysMs?: number): TimedVisit {
  return {
    arrivedAt: 1000,
    leftAt: staysMs === undefined ? undefined : 1000 + staysMs,
    resources: resources.map(([path, asked, whole]) => ({ path, askedAt: 1000 + asked, wholeAt: 1000 + whole })),
  }
}

describe('compareResources', () => {
  it('compares each resource of each visitor with the same one of the same visitor', () => {
    const plain = [visit([['a', 50, 100], ['b', 100, 300]]), visit([['a', 0, 400]])] // prettier-ignore
    const ours = [visit([['b', 0, 150], ['a', 100, 200]]), visit([['a', 300, 400]])] // prettier-ignore
    expect(compareResources(plain, ours)).toEqual({ sinceArrival: [2, 0.5, 1], sinceAsked: [2, 0.75, 0.25] })
  })

  it('takes what somebody left without for as slow as their stay was long, and leaves out what nobody got', () => {
    const plain = [visit([['a', 0, 100]], 1000), visit([], 1000), visit([], 1000)]
    const ours = [visit([], 1000), visit([['a', 0, 200]], 1000), visit([], 1000)]
    expect(compareResources(plain, ours)).toEqual({ sinceArrival: [10, 0.2], sinceAsked: [] })
  })

  it('does not take a difference below the clock for a factor', () => {
    expect(compareResources([visit([['a', 0, 0]])], [visit([['a', 0, 0.9]])]).sinceAsked).toEqual([1])
  })

  it('refuses visits that can not be matched', () => {
    expect(() => compareResources([visit([])], [])).toThrow('got 1 and 0')
    expect(() => compareResources([visit([['a', 0, 1]])], [visit([])])).toThrow('has no a')
  })
})

it('finds the slow few among the many, which a median hides', () => {
  const many = (slow: number): TimedVisit =>
    visit(Array.from({ length: 20 }, (_, index) => [`f${index}`, 0, index < slow ? 500 : 100] as const))
  const p95 = (slow: number) => resourceFindings([many(0)], [many(slow)]).ratios.map(({ value }) => value)
  expect(p95(1)).toEqual([1, 1])
  expect(p95(2)).toEqual([5, 5])
  expect(resourceFindings([many(0)], [many(2)]).rows.map(({ value }) => value)).toEqual([1, 1])
  expect(resourceFindings([], [many(2)])).toEqual({ rows: [], ratios: [] })
})
