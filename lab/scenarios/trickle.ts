import { join } from 'node:path'
import { row } from '@blackhole/benchmarks/report'
import { crowdChart } from '../charts/crowd-chart.ts'
import { makeSiteFiles } from '../systems/site-files.ts'
import { compare, crowdResources, originBytes, visitorBytes } from './compare.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import type { Row } from '@blackhole/benchmarks/report'
import type { Crowd, CrowdRun } from './crowd.ts'
import type { Scenario } from './scenario.ts'
import type { Visit } from './visits.ts'

const MBIT = 20

/** Someone comes every 5 s, 20 in all; each stays 30 s, which is too short where many share the origin. */
const FULL = Object.freeze({ visitors: 20, everyMs: 5_000, staysMs: 30_000, siteBytes: 30e6 })

/** The same with 3 visitors, one every 2 s, who stay 10 s. */
const SHORT = Object.freeze({ visitors: 3, everyMs: 2_000, staysMs: 10_000, siteBytes: 3e6 })

/** Visitors come one by one and leave in the middle of transfers, their own and those of others. */
export const trickle: Scenario = {
  about: 'a visitor every 5 s, 20 in all, each closes the tab after 30 s: how many had everything, and who sent it',
  scales: true,
  run: ({ short, rate = 1, ...options }) =>
    withTemporaryFolder(async (folder) => {
      const { visitors, siteBytes, ...times } = short ? SHORT : FULL
      const line = { upMbit: MBIT * rate, downMbit: MBIT * rate }
      const [everyMs, staysMs] = [times.everyMs / rate, times.staysMs / rate]
      const crowd: Crowd = {
        origin: line,
        visitors: Array.from({ length: visitors }, (_, index) => ({
          link: line,
          arrivesAtMs: index * everyMs,
          staysMs,
        })),
        patienceMs: staysMs,
      }
      const site = await makeSiteFiles(join(folder, 'site'), siteBytes)
      const results = await compare(crowd, site, options)
      const first = [...results.values()].flatMap((all) => all.slice(0, 1))
      const resources = crowdResources(results)
      return {
        rows: [...[...results].flatMap(([name, runs]) => rowsOf(name, runs)), ...resources.rows],
        ratios: resources.ratios,
        chart: crowdChart(`Trickle: a visitor every ${everyMs / 1000} s for ${staysMs / 1000} s`, site.bytes, first),
      }
    }),
}

function rowsOf(name: string, runs: readonly CrowdRun[]): Row[] {
  const visits = runs.flatMap((run) => run.visits)
  const took = (end: (visit: Visit) => number): number[] =>
    visits.map((visit) => (end(visit) - visit.arrivedAt) / 1000).filter((seconds) => Number.isFinite(seconds))
  return [
    row(
      `${name}, had everything before they left`,
      'of all',
      runs.map((run) => run.visits.filter(({ doneAt }) => doneAt !== undefined).length / run.visits.length),
    ),
    row(
      `${name}, everything there, each who had it`,
      's',
      took(({ doneAt }) => doneAt ?? Number.NaN),
    ),
    row(
      `${name}, page load, each visitor`,
      's',
      took(({ loadedAt }) => loadedAt),
    ),
    row(
      `${name}, files that arrived`,
      'MB',
      runs.map((run) => run.visits.reduce((sum, visit) => sum + arrived(visit), 0) / 1e6),
    ),
    row(
      `${name}, sent by the origin`,
      'MB',
      runs.map((run) => originBytes(run) / 1e6),
    ),
    row(
      `${name}, sent by visitors`,
      'MB',
      runs.map((run) => visitorBytes(run) / 1e6),
    ),
  ]
}

/** Bytes of files that a page had when its tab was closed. */
function arrived({ arrivals }: Visit): number {
  return arrivals.reduce((sum, [, bytes]) => sum + bytes, 0)
}
