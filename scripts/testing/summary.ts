import type { FailedTest, Outcome } from './report.ts'

/** A step that ran. */
export interface StepSummary {
  /** Its name. */
  readonly step: string
  readonly outcome: Outcome
  readonly seconds: number
}

/**
 * What stands at the end of `npm test`: a line per step, then each test that
 * failed or passed at the second try only with its error, and the count last.
 * Logs of CI show their end first, and some nothing else.
 */
export function summaryOf(results: readonly StepSummary[]): string {
  const sum = (of: (outcome: Outcome) => number): string =>
    String(results.reduce((total, { outcome }) => total + of(outcome), 0))
  return [
    ...results.map(lineOf),
    ...list('failed:', results, ({ failures }) => failures),
    ...list('passed at the second try only; find out why:', results, ({ flaky }) => flaky),
    '',
    `tests: ${sum(({ passed }) => passed)} passed, ${sum(({ failures }) => failures.length)} failed`,
  ].join('\n')
}

function lineOf({ step, outcome: { passed, failures, flaky }, seconds }: StepSummary): string {
  const verdict = failures.length === 0 ? 'ok' : `${String(failures.length)} failed`
  const second = flaky.length === 0 ? '' : `  ${String(flaky.length)} passed at the second try only`
  return `${step.padEnd(10)} ${seconds.toFixed(0).padStart(5)} s  ${String(passed).padStart(5)} passed  ${verdict}${second}`
}

function list(
  title: string,
  results: readonly StepSummary[],
  of: (outcome: Outcome) => readonly FailedTest[],
): string[] {
  const lines = results.flatMap(({ step, outcome }) =>
    of(outcome).map(({ name, error }) => `  ${step}  ${name}\n    ${error}`),
  )
  return lines.length === 0 ? [] : ['', title, ...lines]
}
