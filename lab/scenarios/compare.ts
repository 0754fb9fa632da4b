import { interleave } from '@blackhole/benchmarks/interleave'
import { allSystems } from '../systems/all-systems.ts'
import { runCrowd } from './crowd.ts'
import { resourceFindings } from './resource-times.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import type { Findings } from '@blackhole/benchmarks/report'
import type { SiteFiles } from '../systems/site-files.ts'
import type { System } from '../systems/system.ts'
import type { Crowd, CrowdRun } from './crowd.ts'
import type { ScenarioOptions } from './scenario.ts'

/** Beyond the visitors' patience a run also starts servers and browsers. */
const SET_UP_MS = 120_000

/**
 * Lets the crowd come to each system in turn, once per round.
 *
 * @param all - systems to compare
 */
export async function compare(
  crowd: Crowd,
  site: SiteFiles,
  { runs, only }: Pick<ScenarioOptions, 'runs' | 'only'>,
  all: readonly System[] = allSystems(),
): Promise<ReadonlyMap<string, readonly CrowdRun[]>> {
  const systems = all.filter(({ name }) => name.includes(only))
  const ends = crowd.visitors.map(({ arrivesAtMs, staysMs = crowd.patienceMs }) => arrivesAtMs + staysMs)
  return await interleave(
    systems.map((system) => ({
      name: system.name,
      run: () => withTemporaryFolder((folder) => runCrowd(system, crowd, site, folder)),
    })),
    runs,
    (name, round, run) => {
      const done = run.visits.filter(({ doneAt }) => doneAt !== undefined).length
      console.error(
        `round ${round + 1} ${name}: ${done} of ${run.visits.length} have everything, origin sent ${(originBytes(run) / 1e6).toFixed(1)} MB`,
      )
    },
    Math.max(...ends) + SET_UP_MS,
  )
}

/** All that left the origin's line, headers and scripts included. */
export function originBytes({ traffic }: Pick<CrowdRun, 'traffic'>): number {
  return traffic.at(-1)?.origin ?? Number.NaN
}

/** All that left the visitors' lines. */
export function visitorBytes({ traffic }: Pick<CrowdRun, 'traffic'>): number {
  return traffic.at(-1)?.visitors ?? Number.NaN
}

/**
 * How long each visitor's resources took by Blackhole, by how long they took by plain HTTP. Nothing when not both ran.
 *
 * @param name - of the system to compare
 */
export function crowdResources(results: ReadonlyMap<string, readonly CrowdRun[]>, name = 'Blackhole'): Findings {
  const [plain = [], ours = []] = ['plain HTTP', name].map((system) =>
    results.get(system)?.flatMap(({ visits }) => visits),
  )
  return resourceFindings(plain, ours, `${name} / plain HTTP`)
}
