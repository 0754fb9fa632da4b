import { firstLine } from './first-line.ts'
import type { FailedTest, Outcome } from './report.ts'

/** The part of Playwright's JSON report that is read (`playwright/types/testReporter.d.ts`, JSONReport). */
interface Report {
  readonly suites?: readonly Suite[]
  /** What failed outside of tests. */
  readonly errors?: readonly { readonly message?: string }[]
}

interface Suite {
  readonly title: string
  readonly suites?: readonly Suite[]
  readonly specs?: readonly {
    readonly title: string
    readonly tests: readonly {
      readonly status: 'expected' | 'unexpected' | 'flaky' | 'skipped'
      readonly results: readonly {
        readonly status: string
        readonly errors?: readonly { readonly message?: string }[]
      }[]
    }[]
  }[]
}

/** @throws when it is no such report */
export function readPlaywright(report: unknown): Outcome {
  const outcome = { passed: 0, failures: [] as FailedTest[], flaky: [] as FailedTest[] }
  const walk = (suite: Suite, path: readonly string[]): void => {
    const here = [...path, suite.title]
    for (const { title, tests } of suite.specs ?? []) {
      for (const { status, results } of tests) {
        const failed =
          results.find(({ errors }) => (errors?.length ?? 0) > 0) ?? results.find(({ status }) => status !== 'passed')
        const test = {
          name: [...here, title].join(' › '),
          error: firstLine(failed?.errors?.[0]?.message ?? failed?.status),
        }
        if (status === 'expected') outcome.passed += 1
        else if (status === 'unexpected') outcome.failures.push(test)
        else if (status === 'flaky') outcome.flaky.push(test)
      }
    }
    for (const each of suite.suites ?? []) walk(each, here)
  }
  const { suites = [], errors = [] } = report as Report
  for (const suite of suites) walk(suite, [])
  for (const { message } of errors) outcome.failures.push({ name: '(outside of tests)', error: firstLine(message) })
  return outcome
}
