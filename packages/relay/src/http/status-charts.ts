/** Style of the charts of the status page. */
export const CHARTS_STYLE = `
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem 1.5rem }
figure { margin: 0; min-width: 0; border-radius: 6px }
figcaption { display: flex; flex-wrap: wrap; gap: 0 .75rem; justify-content: space-between; font-size: .875rem; margin-bottom: .35rem }
figcaption output { color: var(--quiet); font-variant-numeric: tabular-nums }
figure svg { display: block; width: 100%; height: 7rem; overflow: visible; touch-action: pan-y }
figure .a { --ink: var(--http) } figure .b { --ink: var(--p2p) } figure .c { --ink: var(--good) }
path.area { fill: var(--ink); opacity: .75 } path.line { fill: none; stroke: var(--ink); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round }
line.base { stroke: var(--line); vector-effect: non-scaling-stroke } line.cursor { stroke: var(--quiet); vector-effect: non-scaling-stroke }
.ends { display: flex; justify-content: space-between; font-size: .75rem; color: var(--quiet); font-variant-numeric: tabular-nums }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .2rem 0 0; padding: 0; list-style: none; font-size: .8125rem; color: var(--quiet) }
.legend li::before { content: ''; display: inline-block; width: .65rem; height: .65rem; border-radius: 3px; margin-right: .4rem; background: var(--ink) }
.title { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; justify-content: space-between; margin-bottom: .75rem } .title h2 { margin: 0 }
.spans { display: inline-flex; gap: .25rem }
.spans button { font: inherit; font-size: .8125rem; color: var(--quiet); background: none; border: 1px solid transparent; border-radius: 999px; padding: .25rem .8rem; min-height: 2rem; cursor: pointer }
.spans button[aria-pressed=true] { color: var(--text); border-color: var(--line); background: var(--ground) }
`

/** Markup of the section; the script fills it. */
export const CHARTS_SECTION = `
<section aria-labelledby="past">
  <div class="title"><h2 id="past">Over time</h2>
    <div class="spans" role="group" aria-label="How far back"><button type="button" data-span="hour" aria-pressed="true">last hour</button><button type="button" data-span="day" aria-pressed="false">last day</button></div></div>
  <div class="charts" id="charts"></div>
  <p class="quiet" id="reports" style="margin-top:.75rem"></p>
</section>
`

/**
 * Draws `/.blackhole/api/v1/history`; uses `at`, `number`, `size` and `say` of
 * the page's script. A chart is read out with the pointer, or with the arrow
 * keys once it has the focus.
 */
export const CHARTS_SCRIPT = `
const bytesPerSecond = (value, step) => size(value / (step / 1000)) + '/s'
const CHARTS = [
  { title: 'Content that this relay sent', stacked: true, say: bytesPerSecond, parts: [['http', 'over HTTP', 'a'], ['p2p', 'to peers', 'b']] },
  { title: 'Visitors', say: (value) => number.format(value), parts: [['peers', 'in swarms', 'b'], ['holders', 'who hold pieces', 'c']] },
  { title: 'Copies of pieces among visitors', say: (value) => number.format(Math.round(value * 10) / 10), parts: [['copiesLeast', 'of the scarcest site', 'a'], ['copiesMedian', 'of the middle one', 'c']] },
  { title: 'Where visitors got their bytes', stacked: true, reported: true, say: bytesPerSecond, parts: [['visitorHttp', 'over HTTP', 'a'], ['visitorPeers', 'from visitors', 'b'], ['visitorLocal', 'from their own store', 'c']] },
  { title: 'Page load, 95th percentile', reported: true, say: (value) => number.format(Math.round(value)) + ' ms', parts: [['loadMs', 'of the pages that reported', 'b']] },
]
const SVG = 'http://www.w3.org/2000/svg'
const draw = (tag, attributes) => {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}
const clock = (time) => new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
const drawn = CHARTS.map((chart) => {
  const figure = document.createElement('figure')
  figure.tabIndex = 0
  figure.setAttribute('role', 'group')
  const caption = make('figcaption', '')
  const output = document.createElement('output')
  caption.append(make('span', chart.title), output)
  const svg = draw('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' })
  const ends = make('div', '', '', 'ends')
  const legend = make('ul', '', '', 'legend')
  if (chart.parts.length > 1) legend.append(...chart.parts.map(([, label, kind]) => make('li', label, '', kind)))
  figure.append(caption, svg, ends, legend)
  at('charts').append(figure)
  const state = { chart, figure, output, svg, ends, cursor: null, view: null }
  const point = (index) => {
    const last = state.view === null ? 0 : state.view.columns.http.length - 1
    state.cursor = index === null ? null : Math.max(0, Math.min(last, index))
    paint(state)
  }
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect()
    if (state.view) point(Math.round((event.clientX - box.left) / box.width * (state.view.columns.http.length - 1)))
  })
  svg.addEventListener('pointerleave', () => point(null))
  figure.addEventListener('blur', () => point(null))
  figure.addEventListener('keydown', ({ key }) => {
    const last = state.view ? state.view.columns.http.length - 1 : 0
    if (key === 'ArrowLeft') point((state.cursor ?? last + 1) - 1)
    else if (key === 'ArrowRight') point((state.cursor ?? last) + 1)
    else if (key === 'Escape') point(null)
  })
  return state
})
const paint = ({ chart, figure, output, svg, ends, cursor, view }) => {
  if (!view) return
  const { stepMs, from, columns } = view
  const steps = columns.http.length
  const x = (index) => 100 * index / (steps - 1)
  const sums = new Array(steps).fill(0)
  const lines = chart.parts.map(([name, , kind]) => {
    const values = columns[name]
    const base = chart.stacked ? sums.slice() : null
    const tops = values.map((value, index) => value === null && !chart.stacked ? null : (base ? sums[index] += value ?? 0 : value))
    return { kind, base, tops }
  })
  const most = Math.max(1e-9, ...lines.flatMap(({ tops }) => tops.map((top) => top ?? 0)))
  const y = (value) => (100 - 96 * value / most).toFixed(2)
  const shapes = lines.map(({ kind, base, tops }) => {
    if (base) {
      const top = tops.map((value, index) => x(index).toFixed(2) + ' ' + y(value))
      const bottom = base.map((value, index) => x(index).toFixed(2) + ' ' + y(value)).reverse()
      return draw('path', { class: 'area ' + kind, d: 'M' + top.concat(bottom).join('L') + 'Z' })
    }
    let path = ''
    tops.forEach((value, index) => { if (value !== null) path += (tops[index - 1] == null ? 'M' : 'L') + x(index).toFixed(2) + ' ' + y(value) + (tops[index - 1] == null && tops[index + 1] == null ? 'h.3' : '') })
    return draw('path', { class: 'line ' + kind, d: path })
  })
  svg.replaceChildren(draw('line', { class: 'base', x1: 0, x2: 100, y1: 100, y2: 100 }), ...shapes)
  if (cursor !== null) svg.append(draw('line', { class: 'cursor', x1: x(cursor), x2: x(cursor), y1: 0, y2: 100 }))
  ends.replaceChildren(make('span', clock(from)), make('span', 'most ' + chart.say(most < 1e-6 ? 0 : most, stepMs)), make('span', 'now'))
  const index = cursor ?? steps - 1
  const told = chart.parts.map(([name, label]) => [columns[name][index], label]).filter(([value]) => value !== null)
  const text = told.map(([value, label]) => chart.say(value, stepMs) + (chart.parts.length > 1 ? ' ' + label : '')).join(', ')
  const now = (cursor === null ? '' : clock(from + index * stepMs) + ': ') + (text || (cursor === null ? '' : 'nothing'))
  if (output.textContent !== now) output.textContent = now
  figure.setAttribute('aria-label', chart.title + (now ? ': ' + now : '') + '. Arrow keys go back in time.')
}
let chosen = 'hour'
let past
const look = async () => {
  clearTimeout(past)
  // What tells of a relay that is down begins again with the first answer.
  if (document.hidden || lost) return
  try {
    const response = await fetch('/.blackhole/api/v1/history?span=' + chosen, { signal: AbortSignal.timeout(5000) })
    if (!response.ok) throw new Error(String(response.status))
    const view = await response.json()
    const total = (name) => view.columns[name].reduce((sum, value) => sum + (value ?? 0), 0)
    const [peers, http, local] = ['visitorPeers', 'visitorHttp', 'visitorLocal'].map(total)
    const reported = peers + http + local > 0 || view.columns.loadMs.some((value) => value !== null)
    for (const state of drawn) {
      state.view = view
      state.figure.hidden = state.chart.reported === true && !reported
      paint(state)
    }
    say('reports', reported ? (peers + http > 0 ? Math.round(100 * peers / (peers + http)) + ' % of what visitors reported to have fetched came from other visitors.' : '') : 'No visitor has reported what came from whom: pages whose tag has data-report do, once their visitor has agreed.')
  } catch {
    // The state above says that the relay does not answer.
  }
  past = setTimeout(look, 10000)
}
for (const button of document.querySelectorAll('[data-span]')) button.addEventListener('click', () => {
  chosen = button.dataset.span
  for (const each of document.querySelectorAll('[data-span]')) each.setAttribute('aria-pressed', String(each === button))
  look()
})
document.addEventListener('visibilitychange', look)
look()
`
