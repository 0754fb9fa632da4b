import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ratio, row } from '../harness/report.ts'
import { Crowd } from './crowd.ts'
import { lineChart } from '../harness/line-chart.ts'
import { relayCost } from './relay-cost.ts'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings, Row } from '../harness/report.ts'
import type { Outcome } from './measures.ts'
import type { PieceOrder } from './piece-order.ts'
import type { Scenario } from './scenario.ts'

const DEFAULT_VISITORS = 10_000
const ORDERS: readonly PieceOrder[] = ['rarest', 'random', 'in order']
/** Visitors a second, so that some 2 to 600 are there at once. */
const RATES = [0.02, 0.06, 0.2, 0.6, 2, 6]

/** A crowd that wants all of a site of 8 MiB: half of it is there within 50 s, the rest within five minutes. */
const CROWD: Partial<Scenario> = { pieces: 64, arrivals: { kind: 'flash crowd', withinMs: 300_000 } }
/** The same with a relay behind a thin line, for the comparison: there it matters what is fetched first. */
const THIN: Partial<Scenario> = {
  pieces: 128,
  sourceKbps: 10_000,
  stayScaleMs: 600_000,
  arrivals: { kind: 'flash crowd', withinMs: 60_000 },
}
/** Visitors who look at some pages of a site of 25 MiB. */
const BROWSING: Partial<Scenario> = { visit: 'browse', pieces: 200 }

/** What thousands of visitors would find, with the product's own decisions: deterministic, nothing is timed. */
export async function simulation(options: BenchOptions): Promise<Findings> {
  const visitors = options.visitors || DEFAULT_VISITORS
  const rows: Row[] = []
  const add = (name: string, unit: string, value: number): void => void rows.push(row(name, unit, [value]))

  const crowd = play('crowd', { ...CROWD, visitors })
  addCrowd(add, `crowd of ${visitors}`, crowd)

  const few = Math.max(50, Math.round(visitors / 20))
  const orders = ORDERS.map((order) => ({ order, outcome: play(order, { ...THIN, visitors: few, order }) }))
  for (const { order, outcome } of orders) addCrowd(add, `${order}, ${few}`, outcome)

  const levels = RATES.map((perSecond) => {
    // Long enough for the swarm to settle, whatever the rate: at most an hour of visits for the quick ones.
    const count = Math.min(visitors, Math.max(100, Math.round(perSecond * 1800)))
    const scenario: Partial<Scenario> = { ...BROWSING, visitors: count, arrivals: { kind: 'poisson', perSecond } }
    return play(`browsing, ${perSecond} a second`, scenario)
  })
  for (const outcome of levels) {
    const name = `${shown(atOnce(outcome))} at once`
    add(`offload, ${name}`, '%', offload(outcome) * 100)
    add(`offload after the first page, ${name}`, '%', laterOffload(outcome) * 100)
  }
  const largest = levels.at(-1)
  if (largest !== undefined) {
    const cost = relayCost(largest)
    add('relay, announces a second', '1/s', cost.announcesPerSecond)
    add('relay, announces, 1,000 visitors', '', cost.announces)
    add('relay, announce bytes, 1,000 visitors', 'KB', cost.announceBytes / 1000)
    add('relay, introductions, 1,000 visitors', '', cost.dials)
    add('relay and origin, content, 1,000 visitors', 'MB', cost.contentBytes / 1e6)
  }
  if (options.charts !== '') await draw(options.charts, orders, levels)
  const median = (order: PieceOrder): number =>
    quantile(orders.find((one) => one.order === order)?.outcome.completions ?? [], 0.5)
  return {
    rows,
    ratios: [
      ratio('median time, in order ÷ rarest first', median('in order') / median('rarest'), '>=', 1),
      ratio('median time, random ÷ rarest first', median('random') / median('rarest'), '>=', 0.95),
    ],
  }
}

function play(name: string, scenario: Partial<Scenario>): Outcome {
  const outcome = new Crowd(scenario).run()
  console.error(`${name}: ${outcome.visitors} visitors, ${outcome.events} events`)
  return outcome
}

function addCrowd(add: (name: string, unit: string, value: number) => void, name: string, outcome: Outcome): void {
  add(`${name}, median time`, 's', quantile(outcome.completions, 0.5) / 1000)
  add(`${name}, 95 % within`, 's', quantile(outcome.completions, 0.95) / 1000)
  add(`${name}, got everything`, '%', (outcome.completions.length / outcome.visitors) * 100)
  add(`${name}, offload`, '%', offload(outcome) * 100)
}

async function draw(
  folder: string,
  orders: readonly { order: PieceOrder; outcome: Outcome }[],
  levels: readonly Outcome[],
): Promise<void> {
  const until = Math.max(...orders.map(({ outcome }) => quantile(outcome.completions, 0.99)))
  await mkdir(folder, { recursive: true })
  const named = (name: string): string => (name === 'rarest' ? 'rarest first' : name)
  await writeFile(
    join(folder, 'simulation-completion.svg'),
    lineChart({
      title: 'Visitors who have the whole site, by the order of pieces',
      x: { label: 'seconds since the visitor came' },
      y: { label: '% of visitors', max: 100 },
      series: orders.map(({ order, outcome }) => ({ name: named(order), points: arrivedBy(outcome, until) })),
    }),
  )
  await writeFile(
    join(folder, 'simulation-availability.svg'),
    lineChart({
      title: 'Copies of the rarest piece among visitors',
      x: { label: 'seconds since the first visitor' },
      y: { label: 'copies' },
      series: orders.map(({ order, outcome }) => ({
        name: named(order),
        points: outcome.samples.filter(({ at }) => at <= until).map(({ at, rarest }) => [at / 1000, rarest] as const),
      })),
    }),
  )
  await writeFile(
    join(folder, 'simulation-offload.svg'),
    lineChart({
      title: 'Bytes that visitors send each other, by how many are there at once',
      x: { label: 'visitors at once', logarithmic: true },
      y: { label: '% of all bytes', max: 100 },
      series: [
        { name: 'all bytes', points: levels.map((outcome) => [atOnce(outcome), offload(outcome) * 100]) },
        {
          name: 'pages after the first',
          points: levels.map((outcome) => [atOnce(outcome), laterOffload(outcome) * 100]),
        },
      ],
    }),
  )
}

/** How many of all visitors had everything by then, in 60 steps. */
function arrivedBy({ completions, visitors }: Outcome, untilMs: number): [number, number][] {
  return Array.from({ length: 61 }, (_, step) => {
    const ms = (untilMs * step) / 60
    return [ms / 1000, (completions.filter((time) => time <= ms).length / visitors) * 100]
  })
}

function offload({ bytes }: Outcome): number {
  return bytes.peers / Math.max(1, bytes.peers + bytes.origin)
}

/** The same of pages after a visit's first, which has to come from the origin. */
function laterOffload({ bytes }: Outcome): number {
  return bytes.peers / Math.max(1, bytes.peers + bytes.origin - bytes.landing)
}

/** Visitors who were there at once, on average, in the second half of the arrivals. */
function atOnce({ samples, arrivingMs }: Outcome): number {
  const late = samples.filter(({ at }) => at >= arrivingMs / 2 && at <= arrivingMs)
  return late.reduce((sum, { online }) => sum + online, 0) / Math.max(1, late.length)
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

function shown(value: number): string {
  return String(Number(value.toPrecision(2)))
}
