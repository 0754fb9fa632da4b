/** A line of a chart. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** What a chart shows. */
export interface LineChart {
  readonly title: string
  readonly x: { readonly label: string; readonly logarithmic?: boolean }
  readonly y: { readonly label: string; readonly max?: number }
  readonly series: readonly Series[]
}

const WIDTH = 720
const HEIGHT = 360
const LEFT = 64
const RIGHT = 24
const TOP = 64
const BOTTOM = 52
/** Told apart by colour-blind readers too (after Okabe and Ito, 2008), with enough contrast on white and on black. */
const COLOURS = ['#1f83c4', '#d55e00', '#009e73', '#cc79a7'] as const
const DASHES = ['', '8 4', '2 4', '10 3 2 3'] as const

/** Draws a chart as SVG that reads on light and dark pages: text takes the reader's scheme, and nothing has a background. */
export function lineChart({ title, x, y, series }: LineChart): string {
  const points = series.flatMap((one) => one.points)
  const toX = (value: number): number => (x.logarithmic === true ? Math.log10(value) : value)
  const xs = points.map(([at]) => toX(at))
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const ticksY = ticks(0, y.max ?? Math.max(...points.map(([, value]) => value)))
  const top = ticksY.at(-1) ?? 1
  const px = (value: number): string =>
    (LEFT + ((toX(value) - left) / (right - left || 1)) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const py = (value: number): string => (HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  const ticksX = x.logarithmic === true ? decades(left, right) : ticks(left, right).filter((value) => value <= right)
  const legend = series.map(({ name }, at) => ({ name, at: LEFT + at * 170 }))
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    '<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600;font-size:15px}.g{stroke:#8c959f;stroke-opacity:.35}',
    '@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>',
    `<text class="t" x="${LEFT}" y="22">${escape(title)}</text>`,
    ...legend.map(
      ({ name, at }, index) =>
        `<line x1="${at}" x2="${at + 28}" y1="44" y2="44" ${stroke(index)}/><text x="${at + 34}" y="48">${escape(name)}</text>`,
    ),
    ...ticksY.map(
      (value) =>
        `<line class="g" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(value)}" y2="${py(value)}"/>` +
        `<text x="${LEFT - 8}" y="${Number(py(value)) + 4}" text-anchor="end">${short(value)}</text>`,
    ),
    ...ticksX.map(
      (value) => `<text x="${px(value)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${short(value)}</text>`,
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escape(x.label)}</text>`,
    `<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escape(y.label)}</text>`,
    ...series.map(
      (one, index) =>
        `<polyline fill="none" ${stroke(index)} points="${one.points.map(([at, value]) => `${px(at)},${py(value)}`).join(' ')}"/>`,
    ),
    '</svg>',
  ].join('\n')}\n`
}

function stroke(index: number): string {
  const dash = DASHES[index % DASHES.length] ?? ''
  return `stroke="${COLOURS[index % COLOURS.length] ?? ''}" stroke-width="2.5"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`
}

/** Round numbers from the one to beyond the other, some five of them. */
function ticks(from: number, to: number): number[] {
  const rough = (to - from) / 5 || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const found: number[] = []
  for (let at = Math.ceil(from / step); found.length === 0 || (found.at(-1) ?? 0) < to - step * 1e-9; at += 1)
    found.push(Number((at * step).toPrecision(12)))
  return found
}

/** Ones, threes and tens within the logarithms. */
function decades(from: number, to: number): number[] {
  const found: number[] = []
  for (let power = Math.floor(from); power <= to; power += 1)
    for (const factor of [1, 3]) {
      const at = power + Math.log10(factor)
      if (at >= from - 1e-9 && at <= to + 1e-9) found.push(Number((factor * 10 ** power).toPrecision(6)))
    }
  return found
}

function short(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)))
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
