import { ratio, row } from '@blackhole/benchmarks/report'
import { percentile } from '@blackhole/benchmarks/stats'
import type { Findings } from '@blackhole/benchmarks/report'
import type { ResourceTime } from '../systems/pages/visit-log.ts'

/** One visitor's resources by one system; all times are in ms, by any clock that is the same for the visit. */
export interface TimedVisit {
  readonly arrivedAt: number
  /** When the tab was closed in the middle; left out by those who stayed until they had everything. */
  readonly leftAt?: number | undefined
  /** Those that became whole. */
  readonly resources: readonly ResourceTime[]
}

/** How many times as long one system took as another, for each resource of each visitor. */
export interface ResourceRatios {
  /** From the visitor's arrival until the resource was whole: what a person sees. */
  readonly sinceArrival: readonly number[]
  /** From when the page asked for it until it was whole: what the system adds to a request. */
  readonly sinceAsked: readonly number[]
}

/** Times below this are taken for this: neither a page's clock nor a person knows less. */
const SHORTEST_MS = 1

/**
 * Compares the same resource of the same visitor of two systems.
 *
 * What one of the two got before leaving and the other did not counts as if the other had got it on leaving: it took
 * longer than that. It has no time since it was asked for. What neither got is left out.
 *
 * @param plain - and `ours`: visitors of the two, in the same order of positions
 * @throws {RangeError} when they are not as many
 */
export function compareResources(plain: readonly TimedVisit[], ours: readonly TimedVisit[]): ResourceRatios {
  if (plain.length !== ours.length)
    throw new RangeError(`Visits are compared one by one, got ${plain.length} and ${ours.length}`)
  const sinceArrival: number[] = []
  const sinceAsked: number[] = []
  for (const [index, theirs] of plain.entries()) {
    const own = ours[index] ?? theirs
    const before = byPath(theirs)
    const now = byPath(own)
    for (const path of new Set([...before.keys(), ...now.keys()])) {
      const [a, b] = [before.get(path), now.get(path)]
      const [until, untilNow] = [a?.wholeAt ?? theirs.leftAt, b?.wholeAt ?? own.leftAt]
      if (until === undefined || untilNow === undefined) throw new RangeError(`One who stayed has no ${path}`)
      sinceArrival.push(quotient(untilNow - own.arrivedAt, until - theirs.arrivedAt))
      if (a !== undefined && b !== undefined) sinceAsked.push(quotient(b.wholeAt - b.askedAt, a.wholeAt - a.askedAt))
    }
  }
  return { sinceArrival, sinceAsked }
}

/**
 * What {@link compareResources} came to: medians, and 95th percentiles (nearest rank) with their aim, that nothing is
 * slower than without Blackhole. Nothing when one of the two did not run.
 *
 * @param name - of the comparison
 */
export function resourceFindings(
  plain: readonly TimedVisit[],
  ours: readonly TimedVisit[],
  name = 'Blackhole / plain HTTP',
): Findings {
  if (plain.length === 0 || ours.length === 0) return { rows: [], ratios: [] }
  const { sinceArrival, sinceAsked } = compareResources(plain, ours)
  const kinds = [
    { since: `${name}, each resource since the arrival`, values: sinceArrival },
    { since: `${name}, each resource since it was asked for`, values: sinceAsked },
  ]
  return {
    rows: kinds.map(({ since, values }) => row(`${since}, median`, '', [percentile(values, 0.5)])),
    ratios: kinds.map(({ since, values }) => ratio(`${since}, 95th percentile`, percentile(values, 0.95), '<=', 1)),
  }
}

function quotient(ours: number, plain: number): number {
  return Math.max(SHORTEST_MS, ours) / Math.max(SHORTEST_MS, plain)
}

function byPath({ resources }: TimedVisit): ReadonlyMap<string, ResourceTime> {
  return new Map(resources.map((resource) => [resource.path, resource]))
}
