import { axis } from './axis.ts'
import { area, frame, label, line, picture, swatch } from './svg.ts'
import type { CrowdRun } from '../scenarios/crowd.ts'
import type { Visit } from '../scenarios/visits.ts'

/** Sizes in pixels. */
const PANEL = { width: 250, height: 150, left: 50, top: 64, between: 60 } as const
const COLUMN = PANEL.width + PANEL.left + 10

/** Bytes by source are drawn as the rate over so long. */
const WINDOW_MS = 1_000

type Point = readonly [x: number, y: number]

/**
 * One column per system, with the same scales: above, what each visitor has,
 * a line each; below, what origin and visitors send, one upon the other.
 *
 * @param siteBytes - what each visitor has in the end
 */
export function crowdChart(title: string, siteBytes: number, runs: readonly CrowdRun[]): string {
  const ends = runs.map((run) => Math.max(run.traffic.at(-1)?.at ?? 0, ...run.visits.map(({ doneAt }) => doneAt ?? 0)))
  const across = axis(Math.max(...ends) / 1000, PANEL.width, 5)
  const held = axis(siteBytes / 1e6, PANEL.height, 4)
  const rates = runs.map(ratesOf)
  const sent = axis(Math.max(0, ...rates.flat().map(({ origin, visitors }) => origin + visitors)), PANEL.height, 4)
  const width = Math.max(2, runs.length) * COLUMN + 20
  const lower = PANEL.top + 2 * PANEL.height + PANEL.between
  const content = runs.flatMap((run, column) => {
    const x = 10 + column * COLUMN + PANEL.left
    const upper = PANEL.top + PANEL.height
    const place = (seconds: number, y: number): Point => [x + across.at(seconds), y]
    const rate = rates[column] ?? []
    const none = rate.map(({ at }) => place(at, lower))
    const origin = rate.map((sample) => place(sample.at, lower - sent.at(sample.origin)))
    const all = rate.map((sample) => place(sample.at, lower - sent.at(sample.origin + sample.visitors)))
    return [
      label(x, PANEL.top - 14, run.system),
      ...frame(x, upper, PANEL.width, PANEL.height, across, held),
      ...run.visits.map((visit) => line(curveOf(visit, siteBytes).map(([at, mb]) => place(at, upper - held.at(mb))))),
      ...frame(x, lower, PANEL.width, PANEL.height, across, sent),
      area('origin', origin, none),
      area('visitors', all, origin),
      ...(column === 0
        ? [label(10, upper + 34, 'MB that each visitor has'), label(10, lower + 34, 'MB/s sent, by time in s')]
        : []),
    ]
  })
  const legend = [
    swatch('origin', 230, lower + 25),
    label(246, lower + 34, 'origin'),
    swatch('visitors', 300, lower + 25),
    label(316, lower + 34, 'visitors'),
  ]
  return picture(width, lower + 50, title, [label(10, 24, title, { kind: 'title' }), ...content, ...legend])
}

/** What a visitor has over time, in s and MB: at most the site, though some of it may have come twice. */
function curveOf({ arrivedAt, arrivals, doneAt }: Visit, siteBytes: number): Point[] {
  let bytes = 0
  const points: Point[] = [[arrivedAt / 1000, 0]]
  for (const [at, more] of arrivals) {
    bytes = Math.min(siteBytes, bytes + more)
    points.push([at / 1000, bytes / 1e6])
  }
  if (doneAt !== undefined) points.push([doneAt / 1000, siteBytes / 1e6])
  return points
}

/** Rates in MB/s over time in s. */
export function ratesOf({ traffic }: Pick<CrowdRun, 'traffic'>): { at: number; origin: number; visitors: number }[] {
  return traffic.map((sample, index) => {
    const before = traffic.findLast(({ at }, earlier) => earlier < index && at <= sample.at - WINDOW_MS) ?? {
      at: 0,
      origin: 0,
      visitors: 0,
    }
    const perSecond = (bytes: number): number => bytes / 1e3 / Math.max(1, sample.at - before.at)
    return {
      at: sample.at / 1000,
      origin: perSecond(sample.origin - before.origin),
      visitors: perSecond(sample.visitors - before.visitors),
    }
  })
}
