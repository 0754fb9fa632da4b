import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import process from 'node:process'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { firstLine } from './first-line.ts'
import type { FailedTest, Outcome } from './report.ts'

/** What Vitest says of an error. */
interface ReportedError {
  readonly name?: string
  readonly message?: string
  /** Where it happened, when Vitest knows. */
  readonly VITEST_TEST_PATH?: unknown
  readonly VITEST_TEST_NAME?: unknown
}

/**
 * Writes an {@link Outcome} when a run ends. Vitest's own JSON report leaves
 * out errors that no test waited for, and these make a run fail, too.
 */
export class OutcomeReporter implements Reporter {
  readonly #path: string

  /** @param path - file to write */
  constructor(path: string) {
    this.#path = path
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly ReportedError[]): void {
    const outcome = { passed: 0, failures: [] as FailedTest[], flaky: [] as FailedTest[] } satisfies Outcome
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === 'failed') outcome.failures.push({ name: nameOf(module, test), error: describe(errors[0]) })
        if (state !== 'passed') continue
        outcome.passed += 1
        if (test.diagnostic()?.flaky === true)
          outcome.flaky.push({ name: nameOf(module, test), error: describe(errors?.[0]) })
      }
      // The file could not be loaded, or what is done before or after all of a group failed.
      for (const group of [module, ...module.children.allSuites()])
        for (const error of group.errors()) {
          const title = group.type === 'suite' ? ` > ${group.fullName}` : ''
          outcome.failures.push({ name: `${module.relativeModuleId}${title}`, error: describe(error) })
        }
    }
    for (const error of unhandled) outcome.failures.push({ name: placeOf(error), error: describe(error) })
    writeFileSync(this.#path, JSON.stringify(outcome))
  }
}

function nameOf(module: TestModule, test: TestCase): string {
  return `${module.relativeModuleId} > ${test.fullName}`
}

/** Errors that no test waits for are told by the file, or the test, that ran when they came. */
function placeOf({ VITEST_TEST_PATH: path, VITEST_TEST_NAME: test }: ReportedError): string {
  const file = typeof path === 'string' ? [relative(process.cwd(), path)] : []
  const name = typeof test === 'string' ? [test] : []
  return [...file, ...name, '(no test waited for it)'].join(' > ')
}

function describe(error: ReportedError | undefined): string {
  return firstLine(error === undefined ? undefined : `${error.name ?? 'Error'}: ${error.message ?? ''}`)
}
