import { readFileSync } from 'node:fs'
import { reportPath, type Step } from './steps.ts'

/** How many tests of a step came out how. */
export interface Count {
  readonly passed: number
  readonly failed: number
  /** Passed at the second try only: neither a success nor a failure, but a fault to be found. */
  readonly flaky: number
}

/**
 * Reads what the step's runner reported.
 *
 * @param succeeded - whether the runner exited with 0; when it did not, at least one failure is counted
 */
export function countOf(step: Step, succeeded: boolean): Count {
  const counted = step.report === undefined ? { passed: succeeded ? 1 : 0, failed: 0, flaky: 0 } : read(step)
  return succeeded ? counted : { ...counted, failed: Math.max(1, counted.failed) }
}

function read(step: Step): Count {
  let report: unknown
  try {
    report = JSON.parse(readFileSync(reportPath(step.name), 'utf8'))
  } catch {
    // The runner died before it reported anything: its exit code has told so.
    return { passed: 0, failed: 0, flaky: 0 }
  }
  if (step.report === 'playwright') {
    const { stats } = report as { stats: { expected: number; unexpected: number; flaky: number } }
    return { passed: stats.expected, failed: stats.unexpected, flaky: stats.flaky }
  }
  const { numPassedTests, numFailedTests } = report as { numPassedTests: number; numFailedTests: number }
  return { passed: numPassedTests, failed: numFailedTests, flaky: 0 }
}
