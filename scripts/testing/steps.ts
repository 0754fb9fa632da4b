import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/** Folder for what test runners report; emptied by nobody, overwritten each time. */
export const REPORTS = join(import.meta.dirname, '../../node_modules/.cache/blackhole-tests')

/** One part of `npm test`. */
export interface Step {
  readonly name: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whose report, at {@link reportPath}, tells which tests failed; without one the step counts as one. */
  readonly report?: 'vitest' | 'playwright'
  /** Later steps need what it makes. */
  readonly required?: true
  /** Runs beside its neighbours that say so, too: one process of each keeps one core busy at most. */
  readonly beside?: true
}

/** Where the runner of a step leaves its report. */
export function reportPath(name: string): string {
  return join(REPORTS, `${name}.json`)
}

/** Projects of `vite.config.ts` beside that of the unit tests. */
const PROJECTS: ReadonlySet<string> = new Set(['browser', 'lab'])

/** All of it in the order in which mistakes show soonest. */
export const STEPS: readonly Step[] = [
  { name: 'browsers', command: ['node', 'scripts/ensure-browsers.ts'], required: true },
  { name: 'build', command: ['node', 'scripts/build.ts'], required: true },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'pack', command: ['node', 'scripts/pack.ts', '--built'], beside: true },
  { name: 'format', command: ['npm', 'run', '--silent', 'format:check'], beside: true },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'], beside: true },
  // Vitest leaves one core to itself, which on two cores is one test file after the other; many of them wait.
  vitest('unit', [`--maxWorkers=${String(Math.max(2, availableParallelism()))}`]),
  vitest('browser', []),
  vitest('lab', ['--no-file-parallelism']),
  // Most of an end-to-end test is waiting for browsers to start and to be told of each other.
  playwright('e2e', ['--grep-invert=@alone', '--workers=2']),
  playwright('e2e-alone', ['--grep=@alone', '--workers=1']),
]

/** The repository's checks of its own shape: a part of the unit tests, to be run alone. */
export const SHAPE: Step = vitest('shape', ['packages/testkit/src/shape'])

function playwright(name: string, options: readonly string[]): Step {
  return {
    name,
    command: ['playwright', 'test', '--reporter=list,json', ...options],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportPath(name) },
    report: 'playwright',
  }
}

function vitest(name: string, args: readonly string[]): Step {
  const project = PROJECTS.has(name) ? name : 'unit'
  return {
    name,
    command: ['vitest', 'run', '--project', project, ...args],
    env: { TEST_OUTCOME_FILE: reportPath(name) },
    report: 'vitest',
  }
}

/** Steps in the order in which they run: those that run beside one another in one list. */
export function grouped(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = []
  for (const step of steps) {
    const last = groups.at(-1)
    if (step.beside === true && last?.at(-1)?.beside === true) last.push(step)
    else groups.push([step])
  }
  return groups
}
