import { readOptions } from './options.ts'
import { allTargets } from './targets.ts'
import { fuzzWatched } from './watched.ts'
import type { FuzzOptions } from './options.ts'
import type { WorkerReport } from './watched.ts'

/** Exit codes: 0 nothing found, 1 a decoder broke a promise, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  const targets = await allTargets()
  const usage = `Usage: npm run fuzz -- [TARGET] [--minutes 10] [--seed N] [--keep] [--json]

${targets.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join('\n')}`
  let options: FuzzOptions
  try {
    options = readOptions(args)
    if (options.target !== undefined && !targets.some(({ name }) => name === options.target))
      throw new Error(`There is no target ${JSON.stringify(options.target)}`)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 2
  }
  const names = options.target === undefined ? targets.map(({ name }) => name) : [options.target]
  const seconds = (options.minutes * 60) / names.length
  const rows: (WorkerReport & { target: string })[] = []
  for (const target of names) {
    const report = await fuzzWatched({ target, seed: options.seed, seconds, keep: options.keep })
    rows.push({ target, ...report })
    console.log(
      `${target.padEnd(16)} ${String(report.inputs).padStart(9)} inputs ${String(report.outcomes).padStart(4)} outcomes`,
    )
    for (const { fault, file } of report.faults)
      console.log(`  FAULT ${fault}\n        ${file ?? 'no input: the round trip'}`)
  }
  const faults = rows.reduce((sum, row) => sum + row.faults.length, 0)
  const inputs = rows.reduce((sum, row) => sum + row.inputs, 0)
  console.log(`${String(inputs)} inputs, ${String(faults)} faults, seed ${String(options.seed)}`)
  if (options.json) console.log(JSON.stringify({ fuzz: { seed: options.seed, minutes: options.minutes, rows } }))
  return faults === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
