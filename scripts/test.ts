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
import { grouped, reportPath, REPORTS, SHAPE, type Step, STEPS } from './testing/steps.ts'
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
  for (const group of grouped(steps)) {
    const together = await Promise.all(group.map((step) => runStep(step, group.length > 1)))
    results.push(...together.map(({ result }) => result))
    if (together.some(({ result, exitCode }) => exitCode !== 0 && result.step.required === true)) break
  }
  console.log(`\n${summaryOf(results.map(({ step, ...rest }) => ({ step: step.name, ...rest })))}`)
  if (results.some(({ outcome }) => outcome.failures.length > 0)) process.exitCode = 1
}

/** @param isHeld - its output is shown when it has ended, apart from that of others */
async function runStep(step: Step, isHeld: boolean): Promise<{ result: StepResult; exitCode: number }> {
  if (!isHeld) console.log(`\n--- ${step.name}`)
  const started = performance.now()
  rmSync(reportPath(step.name), { force: true })
  const { exitCode, output } = await run(step, isHeld)
  if (isHeld) process.stdout.write(`\n--- ${step.name}\n${output}`)
  const seconds = (performance.now() - started) / 1000
  return { result: { step, outcome: outcomeOf(step, exitCode), seconds }, exitCode }
}

function run(step: Step, isHeld: boolean): Promise<{ exitCode: number; output: string }> {
  const [command, ...args] = step.command
  const to = isHeld ? 'pipe' : 'inherit'
  return new Promise((resolve, reject) => {
    const child = spawn(command ?? '', args, {
      cwd: ROOT,
      stdio: ['ignore', to, to],
      env: { ...process.env, ...step.env },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ exitCode: code ?? 128, output })
    })
  })
}
