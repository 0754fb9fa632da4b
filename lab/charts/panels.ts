import { axis } from './axis.ts'
import { area, frame, label, line, picture, SOURCES, swatch } from './svg.ts'

/** A place in a panel, in the units of its axes. */
export type Point = readonly [x: number, y: number]

/** What sources had sent in all at a time. */
export interface SentSample {
  /** Milliseconds since the column's begin. */
  readonly at: number
  /** Bytes, one number for each source of the section. */
  readonly bytes: readonly number[]
}

/** Two panels, one below the other, over the same time in s. */
export interface Column {
  readonly title: string
  /** Lines of the upper panel. */
  readonly curves: readonly (readonly Point[])[]
  /** What the lower panel shows as rates, one source upon the other. */
  readonly sent: readonly SentSample[]
}

/** Columns with the same scales. */
export interface Section {
  /** Above its columns; left out where the columns' titles say all. */
  readonly heading?: string
  /** What the upper panels' lines are. */
  readonly curves: string
  /** Top of the upper panels' scale, in their unit. */
  readonly most: number
  /** Names of the sources, 4 at most. */
  readonly sources: readonly string[]
  readonly columns: readonly Column[]
}

/** Sizes in pixels; panels are narrower where there are many. */
const PANEL = { widest: 250, height: 150, left: 50, between: 60, above: 56, below: 50 } as const
const PAGE = { widest: 940, margin: 10, title: 24, top: 32 } as const
const SECTION_HEIGHT = PANEL.above + 2 * PANEL.height + PANEL.between + PANEL.below

/** Rates are taken over so long. */
const WINDOW_MS = 1_000

/** Sections, one below the other: above in each, what visitors have over time; below, who sends it. */
export function panelChart(title: string, sections: readonly Section[]): string {
  const widths = sections.map((section) => columnWidth(section) * section.columns.length)
  const width = Math.max(2 * (PANEL.widest + PANEL.left + PAGE.margin), ...widths) + 2 * PAGE.margin
  return picture(width, PAGE.top + sections.length * SECTION_HEIGHT, title, [
    label(PAGE.margin, PAGE.title, title, { kind: 'title' }),
    ...sections.flatMap((section, index) => draw(section, PAGE.top + index * SECTION_HEIGHT)),
  ])
}

/** Of a panel, with what stands beside it. */
function columnWidth({ columns }: Section): number {
  return Math.min(PANEL.widest + PANEL.left + PAGE.margin, Math.floor(PAGE.widest / Math.max(1, columns.length)))
}

function draw(section: Section, top: number): string[] {
  const { columns, sources } = section
  const column = columnWidth(section)
  const width = column - PANEL.left - PAGE.margin
  const ends = columns.flatMap(({ curves, sent }) => [
    (sent.at(-1)?.at ?? 0) / 1000,
    ...curves.map((curve) => curve.at(-1)?.[0] ?? 0),
  ])
  const across = axis(Math.max(0, ...ends), width, width < 150 ? 3 : 5)
  const held = axis(section.most, PANEL.height, 4)
  const rates = columns.map(({ sent }) => ratesOf(sent))
  const sent = axis(Math.max(0, ...rates.flat().map(({ values }) => sum(values))), PANEL.height, 4)
  const upper = top + PANEL.above + PANEL.height
  const lower = upper + PANEL.between + PANEL.height
  const drawn = columns.flatMap(({ title, curves }, index) => {
    const x = PAGE.margin + index * column + PANEL.left
    const place = ([seconds, y]: Point, base: number): Point => [x + across.at(seconds), base - y]
    const bounds = [0, ...sources.map((_, at) => at + 1)].map((count) =>
      (rates[index] ?? []).map(({ at, values }) => place([at / 1000, sent.at(sum(values.slice(0, count)))], lower)),
    )
    return [
      label(x, top + PANEL.above - 14, title),
      ...frame(x, upper, width, PANEL.height, across, held),
      ...curves.map((curve) => line(curve.map(([at, y]) => place([at, held.at(y)], upper)))),
      ...frame(x, lower, width, PANEL.height, across, sent),
      ...sources.map((_, at) => area(SOURCES[at] ?? 'origin', bounds[at + 1] ?? [], bounds[at] ?? [])),
    ]
  })
  let x = 230
  const legend = sources.flatMap((name, at) => {
    const from = x
    x += 34 + 7 * name.length
    return [swatch(SOURCES[at] ?? 'origin', from, lower + 25), label(from + 16, lower + 34, name)]
  })
  return [
    ...(section.heading === undefined ? [] : [label(PAGE.margin, top + 20, section.heading, { kind: 'title' })]),
    ...drawn,
    label(PAGE.margin, upper + 34, section.curves),
    label(PAGE.margin, lower + 34, 'MB/s sent, by time in s'),
    ...legend,
  ]
}

/** Rates in MB/s of each source. */
function ratesOf(samples: readonly SentSample[]): { at: number; values: number[] }[] {
  return samples.map((sample, index) => {
    const before = samples.findLast(({ at }, earlier) => earlier < index && at <= sample.at - WINDOW_MS)
    const ms = Math.max(1, sample.at - (before?.at ?? 0))
    return { at: sample.at, values: sample.bytes.map((bytes, at) => (bytes - (before?.bytes[at] ?? 0)) / 1e3 / ms) }
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
