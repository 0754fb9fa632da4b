import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { countOf } from './report.ts'
import { reportPath, REPORTS, type Step } from './steps.ts'

const VITEST: Step = { name: 'report-test', command: [], report: 'vitest' }
const PLAYWRIGHT: Step = { ...VITEST, report: 'playwright' }

beforeEach(() => mkdirSync(REPORTS, { recursive: true }))
afterEach(() => {
  rmSync(reportPath(VITEST.name), { force: true })
})

function reported(report: object): void {
  writeFileSync(reportPath(VITEST.name), JSON.stringify(report))
}

test('takes the numbers of the runner', () => {
  reported({ numPassedTests: 5, numFailedTests: 2 })
  expect(countOf(VITEST, false)).toEqual({ passed: 5, failed: 2, flaky: 0 })
  reported({ stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 0 } })
  expect(countOf(PLAYWRIGHT, false)).toEqual({ passed: 3, failed: 1, flaky: 1 })
})

test('a step without a report counts as one', () => {
  const step: Step = { name: 'types', command: [] }
  expect(countOf(step, true)).toEqual({ passed: 1, failed: 0, flaky: 0 })
  expect(countOf(step, false)).toEqual({ passed: 0, failed: 1, flaky: 0 })
})

test('a runner that failed counts as a failure, whatever it reported', () => {
  expect(countOf(VITEST, false)).toEqual({ passed: 0, failed: 1, flaky: 0 })
  reported({ numPassedTests: 5, numFailedTests: 0 })
  expect(countOf(VITEST, false)).toEqual({ passed: 5, failed: 1, flaky: 0 })
})
