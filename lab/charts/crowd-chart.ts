import { panelChart } from './panels.ts'
import type { CrowdRun, TrafficSample } from '../scenarios/crowd.ts'
import type { Visit } from '../scenarios/visits.ts'
import type { Point, SentSample } from './panels.ts'

/**
 * One column per system, with the same scales: above, what each visitor has,
 * a line each; below, what origin and visitors send, one upon the other.
 *
 * @param siteBytes - what each visitor has in the end
 */
export function crowdChart(title: string, siteBytes: number, runs: readonly CrowdRun[]): string {
  const columns = runs.map(({ system, visits, traffic }) => ({
    title: system,
    curves: visits.map((visit) => curveOf(visit, siteBytes)),
    sent: traffic.map(sampleOf),
  }))
  return panelChart(title, [
    { curves: 'MB that each visitor has', most: siteBytes / 1e6, sources: ['origin', 'visitors'], columns },
  ])
}

/** What a visitor has over time, in s and MB: at most the site, though some of it may have come twice. */
export function curveOf(
  { arrivedAt, arrivals, doneAt }: Pick<Visit, 'arrivedAt' | 'arrivals' | 'doneAt'>,
  siteBytes: number,
): Point[] {
  let bytes = 0
  const points: Point[] = [[arrivedAt / 1000, 0]]
  for (const [at, more] of arrivals) {
    bytes = Math.min(siteBytes, bytes + more)
    points.push([at / 1000, bytes / 1e6])
  }
  if (doneAt !== undefined) points.push([doneAt / 1000, siteBytes / 1e6])
  return points
}

/** What origin and visitors had sent. */
export function sampleOf({ at, origin, visitors }: TrafficSample): SentSample {
  return { at, bytes: [origin, visitors] }
}
