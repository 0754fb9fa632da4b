import { join } from 'node:path'
import { ratio, row, valueOf } from '@blackhole/benchmarks/report'
import { crowdChart } from '../charts/crowd-chart.ts'
import { allSystems } from '../systems/all-systems.ts'
import { blackhole, TAG_ALONE } from '../systems/blackhole.ts'
import { PLAIN_AGAIN, plainHttp } from '../systems/plain-http.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { compare, crowdResources, originBytes, visitorBytes } from './compare.ts'
import { fluidBound } from './fluid-bound.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import type { Findings, Row } from '@blackhole/benchmarks/report'
import type { SiteFiles } from '../systems/site-files.ts'
import type { Crowd, CrowdRun } from './crowd.ts'
import type { Scenario } from './scenario.ts'

const MBIT = 20

/** The crowd of this scenario: all lines are alike. */
interface EvenCrowd extends Crowd {
  /** 10^6 bit per second, up and down. */
  readonly mbit: number
}

/** An origin at 20 Mbit/s; 8 visitors at 20 Mbit/s each way come within 10 s for 30 MB. */
const FULL = Object.freeze({ visitors: 8, withinMs: 10_000, siteBytes: 30e6, patienceMs: 300_000 })

/** The same with 3 visitors, who come within a second for 3 MB. */
const SHORT = Object.freeze({ visitors: 3, withinMs: 1_000, siteBytes: 3e6, patienceMs: 60_000 })

/** Many come at once: how soon everyone has everything, and what it costs the origin. */
export const flashCrowd: Scenario = {
  about: '8 visitors come within 10 s for 30 MB from an origin with 20 Mbit/s: when the last has it, and who sent it',
  scales: true,
  run: ({ short, rate = 1, ...options }) =>
    withTemporaryFolder(async (folder) => {
      const { visitors, withinMs, siteBytes, patienceMs } = short ? SHORT : FULL
      const mbit = MBIT * rate
      const line = { upMbit: mbit, downMbit: mbit }
      const crowd: EvenCrowd = {
        mbit,
        origin: line,
        visitors: Array.from({ length: visitors }, (_, index) => ({
          link: line,
          arrivesAtMs: (index * withinMs) / (visitors - 1) / rate,
        })),
        patienceMs: patienceMs / rate,
      }
      const site = await makeSiteFiles(join(folder, 'site'), siteBytes)
      const systems = short ? allSystems() : [...allSystems(), blackhole(false), plainHttp(true)]
      const results = await compare(crowd, site, options, systems)
      const first = [...results].flatMap(([name, all]) => (name === PLAIN_AGAIN ? [] : all.slice(0, 1)))
      return {
        ...findings(results, crowd, site, short),
        chart: crowdChart(titleOf(crowd, site), site.bytes, first),
      }
    }),
}

function titleOf({ mbit, visitors }: EvenCrowd, { bytes }: SiteFiles): string {
  return `Flash crowd: ${visitors.length} visitors, ${megabytes(bytes)} MB, lines of ${mbit} Mbit/s`
}

function findings(
  results: ReadonlyMap<string, readonly CrowdRun[]>,
  crowd: EvenCrowd,
  site: SiteFiles,
  short: boolean,
): Findings {
  const bytesPerSecond = (crowd.mbit * 1e6) / 8
  const arrivals = crowd.visitors.map(({ arrivesAtMs }) => ({
    at: arrivesAtMs / 1000,
    up: bytesPerSecond,
    down: bytesPerSecond,
  }))
  const bound = fluidBound(site.bytes, { up: bytesPerSecond }, arrivals)
  const rows: Row[] = [
    row('each line, up and down', 'Mbit/s', [crowd.mbit]),
    row('arrivals within', 's', [Math.max(...arrivals.map(({ at }) => at))]),
    row('fluid bound', 's', [bound]),
    row('all visitors x all bytes', 'MB', [megabytes(crowd.visitors.length * site.bytes)]),
  ]
  for (const [name, runs] of results) {
    const visits = runs.flatMap((run) => run.visits)
    const seconds = (ms: number | undefined): number => (ms ?? Number.NaN) / 1000
    rows.push(
      row(`${name}, last one done`, 's', runs.map(lastDone)),
      row(
        `${name}, everything there, each visitor`,
        's',
        visits.map(({ doneAt, arrivedAt }) => seconds((doneAt ?? Number.NaN) - arrivedAt)),
      ),
      row(
        `${name}, page load, each visitor`,
        's',
        visits.map(({ loadedAt, arrivedAt }) => seconds(loadedAt - arrivedAt)),
      ),
      row(
        `${name}, sent by the origin`,
        'MB',
        runs.map((run) => megabytes(originBytes(run))),
      ),
      row(
        `${name}, sent by visitors`,
        'MB',
        runs.map((run) => megabytes(visitorBytes(run))),
      ),
    )
  }
  const resources = [crowdResources(results), crowdResources(results, TAG_ALONE)]
  // Which of a page's files comes first differs from run to run: no system can be nearer to plain HTTP than itself.
  const control = crowdResources(results, PLAIN_AGAIN)
  rows.push(...resources.flatMap((found) => found.rows), ...control.rows)
  rows.push(...control.ratios.map(({ name, value }) => row(name, '', [value])))
  const neverSlower = resources.flatMap((found) => found.ratios)
  // The other aims are set for the full size.
  if (short) return { rows, ratios: neverSlower }
  return {
    rows,
    ratios: [
      ratio('Blackhole, last one done / fluid bound', valueOf(rows, 'Blackhole, last one done') / bound, '<=', 1.25),
      ratio(
        'Blackhole, sent by the origin / site',
        valueOf(rows, 'Blackhole, sent by the origin') / megabytes(site.bytes),
        '<=',
        1.6,
      ),
      ...neverSlower,
    ],
  }
}

/** Seconds from the first arrival until nobody lacks anything. */
function lastDone({ visits }: CrowdRun): number {
  return Math.max(...visits.map(({ doneAt }) => doneAt ?? Number.NaN)) / 1000
}

function megabytes(bytes: number): number {
  return bytes / 1e6
}
