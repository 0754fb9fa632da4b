/**
 * `npm test`: everything, with one count at the end. Goes on after a failure,
 * so that one run shows all that is wrong.
 *
 *     node scripts/test.ts [STEP…]     only these: types, lint, format, shape, unit, browser, e2e …
 */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import process from 'node:process'
import { countOf, type Count } from './testing/report.ts'
import { reportPath, REPORTS, SHAPE, type Step, STEPS } from './testing/steps.ts'

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

async function main(steps: readonly Step[]): Promise<void> {
  mkdirSync(REPORTS, { recursive: true })
  const results: { step: Step; count: Count; seconds: number }[] = []
  for (const step of steps) {
    console.log(`\n--- ${step.name}`)
    const started = performance.now()
    rmSync(reportPath(step.name), { force: true })
    const succeeded = await run(step)
    results.push({ step, count: countOf(step, succeeded), seconds: (performance.now() - started) / 1000 })
    if (!succeeded && step.required === true) break
  }
  summarise(results)
}

function run(step: Step): Promise<boolean> {
  const [command, ...args] = step.command
  return new Promise((resolve, reject) => {
    const child = spawn(command ?? '', args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...step.env },
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      resolve(code === 0)
    })
  })
}

function summarise(results: readonly { step: Step; count: Count; seconds: number }[]): void {
  console.log()
  for (const { step, count, seconds } of results) {
    const flaky = count.flaky === 0 ? '' : `  ${String(count.flaky)} passed at the second try only: find out why`
    const verdict = (count.failed === 0 ? 'ok' : `${String(count.failed)} failed`) + flaky
    console.log(
      `${step.name.padEnd(10)} ${seconds.toFixed(0).padStart(5)} s  ${String(count.passed).padStart(5)} passed  ${verdict}`,
    )
  }
  const passed = results.reduce((sum, { count }) => sum + count.passed, 0)
  const failed = results.reduce((sum, { count }) => sum + count.failed, 0)
  console.log(`\ntests: ${String(passed)} passed, ${String(failed)} failed`)
  if (failed > 0) process.exitCode = 1
}
