import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { outcomeOf } from './report.ts'
import { reportPath, REPORTS, type Step } from './steps.ts'
import { summaryOf } from './summary.ts'

const VITEST: Step = { name: 'report-test', command: ['vitest', 'run'], report: 'vitest' }
const PLAYWRIGHT: Step = { ...VITEST, command: ['playwright', 'test'], report: 'playwright' }

/** Runners in processes of their own, on a machine that does other things too. */
const SLOW = { timeout: 60_000 }

let folder: string

beforeEach(() => {
  mkdirSync(REPORTS, { recursive: true })
  folder = mkdtempSync(join(tmpdir(), 'blackhole-report-'))
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'))
})
afterEach(() => {
  rmSync(reportPath(VITEST.name), { force: true })
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a runner on the files, as a step does. */
async function run(step: Step, command: string, args: readonly string[], files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/VITEST|NODE_OPTIONS/.test(name))),
    ...{ CI: '1', FORCE_COLOR: '1', PLAYWRIGHT_JSON_OUTPUT_FILE: reportPath(step.name) },
  }
  const code = await promisify(execFile)(process.execPath, [command, ...args], { cwd: folder, env }).then(
    () => 0,
    (error: unknown) => Number((error as { code: unknown }).code),
  )
  return outcomeOf(step, code)
}

function binary(name: string, path: string): string {
  return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), path)
}

/** Written into the runners' files, not run here: what is left out counts neither as passed nor as failed. */
const LEFT_OUT = `test.skip('is left out', () => {})`

const FAILS_ONCE = `
  let tries = 0
  test('fails once', TIMES, () => { tries += 1; if (tries === 1) throw new Error('the first time\\nis over') })`

test(
  'says of each test of Vitest that failed, and of errors that no test waited for, what they said first',
  SLOW,
  async () => {
    const reporter = join(import.meta.dirname, 'vitest-reporter.ts')
    const outcome = await run(VITEST, binary('vitest', 'vitest.mjs'), ['run'], {
      'vite.config.ts': `
      import { OutcomeReporter } from ${JSON.stringify(reporter)}
      export default { test: { reporters: ['default', new OutcomeReporter(${JSON.stringify(reportPath(VITEST.name))})] } }`,
      'a.test.ts': `
      import { describe, expect, test } from 'vitest'
      test('passes', () => {})
      ${LEFT_OUT}
      describe('numbers', () => { test('add up', () => { expect(1 + 1).toBe(3) }) })
      ${FAILS_ONCE.replace('TIMES', '{ retry: 1 }')}`,
      'broken.test.ts': `import './missing.ts'`,
      'stray.test.ts': `
      import { test } from 'vitest'
      test('leaves a rejection behind', async () => {
        void Promise.reject(new TypeError('nobody listens'))
        await new Promise((resolve) => setImmediate(resolve))
      })`,
    })
    expect(outcome).toEqual({
      passed: 3,
      failures: expect.arrayContaining([
        { name: 'a.test.ts > numbers > add up', error: 'AssertionError: expected 2 to be 3 // Object.is equality' },
        { name: 'broken.test.ts', error: expect.stringContaining('missing.ts') as string },
        {
          name: expect.stringMatching(/stray\.test\.ts.*\(no test waited for it\)$/) as string,
          error: 'TypeError: nobody listens',
        },
      ]) as unknown,
      flaky: [{ name: 'a.test.ts > fails once', error: 'Error: the first time' }],
    })
    expect(outcome.failures).toHaveLength(3)
  },
)

test('says it of those of Playwright, too', SLOW, async () => {
  const outcome = await run(PLAYWRIGHT, binary('playwright', 'cli.js'), ['test', '--reporter=json'], {
    'playwright.config.ts': `export default { testMatch: '*.e2e.ts', retries: 1, workers: 1 }`,
    'a.e2e.ts': `
      import { expect, test } from 'playwright/test'
      test('passes', () => {})
      ${LEFT_OUT}
      test.describe('numbers', () => { test('add up', () => { expect(1 + 1).toBe(3) }) })
      test('fails once', ({}, { retry }) => { if (retry === 0) throw new Error('the first time\\nis over') })`,
  })
  expect(outcome).toEqual({
    passed: 1,
    failures: [
      { name: 'a.e2e.ts › numbers › add up', error: 'Error: expect(received).toBe(expected) // Object.is equality' },
    ],
    flaky: [{ name: 'a.e2e.ts › fails once', error: 'Error: the first time' }],
  })
  // What can't be loaded keeps it from running anything.
  writeFileSync(reportPath(PLAYWRIGHT.name), JSON.stringify({ suites: [], errors: [{ message: 'Error: no module' }] }))
  expect(outcomeOf(PLAYWRIGHT, 1).failures).toEqual([{ name: '(outside of tests)', error: 'Error: no module' }])
})

test('a step without a report counts as one; a runner that ended badly counts as a failure, whatever it reported', () => {
  const step: Step = { name: 'types', command: ['tsc', '-b'] }
  expect(outcomeOf(step, 0)).toEqual({ passed: 1, failures: [], flaky: [] })
  const failure = { name: '(types)', error: 'tsc -b ended with 2: its output is above' }
  expect(outcomeOf(step, 2)).toEqual({ passed: 0, failures: [failure], flaky: [] })
  expect(outcomeOf(VITEST, 128)).toMatchObject({ passed: 0, failures: [{ name: '(report-test)' }] })
  writeFileSync(reportPath(VITEST.name), JSON.stringify({ passed: 5, failures: [], flaky: [] }))
  expect(outcomeOf(VITEST, 1)).toMatchObject({ passed: 5, failures: [{ name: '(report-test)' }] })
})

test('the summary names what failed after the table, and ends with the count', () => {
  const summary = summaryOf([
    { step: 'types', outcome: { passed: 1, failures: [], flaky: [] }, seconds: 3.2 },
    {
      step: 'unit',
      outcome: {
        passed: 7,
        failures: [{ name: 'a.test.ts > adds', error: 'Error: no' }],
        flaky: [{ name: 'b.test.ts > waits', error: 'Error: late' }],
      },
      seconds: 12,
    },
  ])
  expect(summary.split('\n')).toEqual([
    'types          3 s      1 passed  ok',
    'unit          12 s      7 passed  1 failed  1 passed at the second try only',
    '',
    'failed:',
    '  unit  a.test.ts > adds',
    '    Error: no',
    '',
    'passed at the second try only; find out why:',
    '  unit  b.test.ts > waits',
    '    Error: late',
    '',
    'tests: 8 passed, 1 failed',
  ])
})
