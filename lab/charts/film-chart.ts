import { axis } from './axis.ts'
import { ratesOf } from './crowd-chart.ts'
import { area, frame, label, line, picture, swatch } from './svg.ts'
import type { FilmRun } from '../film/audience.ts'

/** Sizes in pixels. */
const PANEL = { width: 210, height: 140, left: 45, top: 64, between: 60 } as const
const COLUMN = PANEL.width + PANEL.left + 10

type Point = readonly [x: number, y: number]

/**
 * One column per system, with the same scales: above, how far each viewer has come, a line each, level where it stands
 * still; below, what origin and viewers send, one upon the other.
 */
export function filmChart(title: string, seconds: number, runs: readonly FilmRun[]): string {
  const across = axis(Math.max(0, ...runs.map(({ traffic }) => traffic.at(-1)?.at ?? 0)) / 1000, PANEL.width, 5)
  const shown = axis(seconds, PANEL.height, 4)
  const rates = runs.map(ratesOf)
  const sent = axis(Math.max(0, ...rates.flat().map(({ origin, visitors }) => origin + visitors)), PANEL.height, 4)
  const width = Math.max(2, runs.length) * COLUMN + 20
  const lower = PANEL.top + 2 * PANEL.height + PANEL.between
  const content = runs.flatMap((run, column) => {
    const x = 10 + column * COLUMN + PANEL.left
    const upper = PANEL.top + PANEL.height
    const place = (at: number, y: number): Point => [x + across.at(at), y]
    const rate = rates[column] ?? []
    const none = rate.map(({ at }) => place(at, lower))
    const origin = rate.map((sample) => place(sample.at, lower - sent.at(sample.origin)))
    const all = rate.map((sample) => place(sample.at, lower - sent.at(sample.origin + sample.visitors)))
    return [
      label(x, PANEL.top - 14, `${run.system}, ${run.live ? 'live' : 'on demand'}`),
      ...frame(x, upper, PANEL.width, PANEL.height, across, shown),
      ...run.logs.map(({ played }) => line(played.map(([at, s]) => place(at / 1000, upper - shown.at(s))))),
      ...frame(x, lower, PANEL.width, PANEL.height, across, sent),
      area('origin', origin, none),
      area('visitors', all, origin),
      ...(column === 0
        ? [
            label(10, upper + 34, 's of film that each viewer has seen'),
            label(10, lower + 34, 'MB/s sent, by time in s'),
          ]
        : []),
    ]
  })
  const legend = [
    swatch('origin', 230, lower + 25),
    label(246, lower + 34, 'origin'),
    swatch('visitors', 300, lower + 25),
    label(316, lower + 34, 'viewers'),
  ]
  return picture(width, lower + 50, title, [label(10, 24, title, { kind: 'title' }), ...content, ...legend])
}
