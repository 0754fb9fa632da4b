import type { Axis } from './axis.ts'

/** Colours of sources, in the order in which they lie upon each other. */
export const SOURCES = ['origin', 'visitors', 'third', 'fourth'] as const

export type SourceColour = (typeof SOURCES)[number]

/** Colours that can be told apart on light and dark ground, also by those who see no red or green. */
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.ground { fill: #ffffff }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke: #57606a; stroke-width: 1.25; stroke-opacity: .8 }
.origin { fill: #d9772b }
.visitors { fill: #3a86d0 }
.third { fill: #2ea58a }
.fourth { fill: #a05aa8 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .ground { fill: #0d1117 }
  .grid { stroke: #30363d }
  .line { stroke: #b1bac4 }
}`

/** A whole picture on a ground of its own, so that it is legible wherever it is shown. */
export function picture(width: number, height: number, title: string, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>${STYLE}
</style>
<rect class="ground" width="${width}" height="${height}"/>
${content.join('\n')}
</svg>
`
}

/** A text; `anchor` says which end lies at `x`. */
export function label(
  x: number,
  y: number,
  text: string,
  { anchor = 'start', kind = '' }: { anchor?: 'start' | 'middle' | 'end'; kind?: 'title' | '' } = {},
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind === '' ? '' : ` class="${kind}"`}>${escape(text)}</text>`
}

/** Grid and numbers of a panel whose lower left corner is at x, y. */
export function frame(x: number, y: number, width: number, height: number, across: Axis, up: Axis): string[] {
  return [
    ...up.ticks.flatMap((tick) => {
      const at = y - up.at(tick)
      return [
        `<path class="grid" d="M${round(x)} ${round(at)}h${width}"/>`,
        label(x - 6, at + 4, `${tick}`, { anchor: 'end' }),
      ]
    }),
    ...across.ticks.flatMap((tick) => {
      const at = x + across.at(tick)
      return [
        `<path class="grid" d="M${round(at)} ${round(y)}v${-height}"/>`,
        label(at, y + 16, `${tick}`, { anchor: 'middle' }),
      ]
    }),
  ]
}

/** A line through points. */
export function line(points: readonly (readonly [x: number, y: number])[]): string {
  return `<path class="line" d="${path(points)}"/>`
}

/** The area between a line and the one below it. */
export function area(
  kind: SourceColour,
  upper: readonly (readonly [x: number, y: number])[],
  lower: readonly (readonly [x: number, y: number])[],
): string {
  return `<path class="${kind}" d="${path([...upper, ...lower.toReversed()])}Z"/>`
}

/** A square of a legend. */
export function swatch(kind: SourceColour, x: number, y: number): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="10" height="10"/>`
}

function path(points: readonly (readonly [x: number, y: number])[]): string {
  return seen(points)
    .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`)
    .join('')
}

/** The points that can be told apart, a pixel from the one before; and the last. A visit has thousands. */
function seen(points: readonly (readonly [x: number, y: number])[]): (readonly [x: number, y: number])[] {
  const kept: (readonly [x: number, y: number])[] = []
  for (const [index, [x, y]] of points.entries()) {
    const last = kept.at(-1)
    const isNear = last !== undefined && Math.abs(x - last[0]) < 1 && Math.abs(y - last[1]) < 1
    if (!isNear || index === points.length - 1) kept.push([x, y])
  }
  return kept
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
