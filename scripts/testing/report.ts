import { readFileSync } from 'node:fs'
import { readPlaywright } from './playwright-report.ts'
import { reportPath, type Step } from './steps.ts'

/** A test that did not pass, or not at once. */
export interface FailedTest {
  /** File and titles; for what failed outside of tests, what there is to say of it. */
  readonly name: string
  /** What it said first, in one line. */
  readonly error: string
}

/** How the tests of a step came out. */
export interface Outcome {
  readonly passed: number
  readonly failures: readonly FailedTest[]
  /** Passed at the second try only: neither successes nor failures, but faults to be found. */
  readonly flaky: readonly FailedTest[]
}

/**
 * Reads what the step's runner reported.
 *
 * @param exitCode - of the runner; when it is not 0, there is at least one failure
 */
export function outcomeOf(step: Step, exitCode: number): Outcome {
  const outcome = read(step) ?? { passed: step.report === undefined && exitCode === 0 ? 1 : 0, failures: [], flaky: [] }
  if (exitCode === 0 || outcome.failures.length > 0) return outcome
  const error = `${step.command.slice(0, 3).join(' ')} ended with ${String(exitCode)}: its output is above`
  return { ...outcome, failures: [{ name: `(${step.name})`, error }] }
}

/** Undefined when there is no report: the runner died before it wrote one. */
function read(step: Step): Outcome | undefined {
  if (step.report === undefined) return undefined
  try {
    const report: unknown = JSON.parse(readFileSync(reportPath(step.name), 'utf8'))
    return step.report === 'playwright' ? readPlaywright(report) : (report as Outcome)
  } catch {
    return undefined
  }
}
