/**
 * `npm test`: everything, with one count and the names of what failed at the
 * end. Goes on after a failure, so that one run shows all that is wrong.
 *
 *     node scripts/test.ts [STEP…]     only these: types, lint, format, shape, unit, browser, e2e …
 */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import process from 'node:process'
import { type Outcome, outcomeOf } from './testing/report.ts'
import { reportPath, REPORTS, SHAPE, type Step, STEPS } from './testing/steps.ts'
import { summaryOf } from './testing/summary.ts'

const ROOT = new URL('..', import.meta.url)

const names = process.argv.slice(2)
const known = [...STEPS, SHAPE]
const unknown = names.filter((name) => !known.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(`No step is named ${unknown.join(', ')}. There are: ${known.map(({ name }) => name).join(', ')}`)
  process.exitCode = 2
} else {
  await main(names.length === 0 ? STEPS : known.filter(({ name }) => names.includes(name)))
}

interface StepResult {
  readonly step: Step
  readonly outcome: Outcome
  readonly seconds: number
}

async function main(steps: readonly Step[]): Promise<void> {
  mkdirSync(REPORTS, { recursive: true })
  const results: StepResult[] = []
  for (const step of steps) {
    console.log(`\n--- ${step.name}`)
    const started = performance.now()
    rmSync(reportPath(step.name), { force: true })
    const exitCode = await run(step)
    results.push({ step, outcome: outcomeOf(step, exitCode), seconds: (performance.now() - started) / 1000 })
    if (exitCode !== 0 && step.required === true) break
  }
  console.log(`\n${summaryOf(results.map(({ step, ...rest }) => ({ step: step.name, ...rest })))}`)
  if (results.some(({ outcome }) => outcome.failures.length > 0)) process.exitCode = 1
}

function run(step: Step): Promise<number> {
  const [command, ...args] = step.command
  return new Promise((resolve, reject) => {
    const child = spawn(command ?? '', args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...step.env },
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      resolve(code ?? 128)
    })
  })
}
