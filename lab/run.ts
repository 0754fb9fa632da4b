/** `npm run lab -- SCENARIO`: real browsers, a real relay and a real origin on networks of this machine's own. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { machine, measured } from '@blackhole/benchmarks/report'
import { renderReport } from '@blackhole/benchmarks/table'
import { whyNoNetworks } from './network/ip.ts'
import { readLabCommandLine } from './options.ts'
import type { Report } from '@blackhole/benchmarks/report'
import type { LabCommandLine } from './options.ts'
import type { Outcome, Scenario } from './scenarios/scenario.ts'

const SCENARIOS: Readonly<Record<string, () => Promise<Scenario>>> = {
  'flash-crowd': async () => (await import('./scenarios/flash-crowd.ts')).flashCrowd,
  nat: async () => (await import('./scenarios/nat.ts')).nat,
  trickle: async () => (await import('./scenarios/trickle.ts')).trickle,
  relays: async () => (await import('./scenarios/relays.ts')).relays,
  regions: async () => (await import('./scenarios/regions.ts')).regions,
  hostile: async () => (await import('./scenarios/hostile.ts')).hostile,
  film: async () => (await import('./scenarios/film.ts')).film,
}

const USAGE =
  'Usage: npm run lab -- SCENARIO [--json] [--short] [--runs N] [--only TEXT] [--seconds N] [--rate N] [--chart FILE]'

/** Exit codes: 0 measured (aims met or not) or impossible here, 1 failed, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  let line: LabCommandLine
  try {
    line = readLabCommandLine(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return 2
  }
  if (line.name === undefined) {
    console.log(`${USAGE}\n\n${await list()}`)
    return 0
  }
  const load = Object.hasOwn(SCENARIOS, line.name) ? SCENARIOS[line.name] : undefined
  if (load === undefined) {
    console.error(`There is no scenario ${JSON.stringify(line.name)}\n\n${USAGE}\n\n${await list()}`)
    return 2
  }
  const scenario = await load()
  const reason = await whyNoNetworks()
  if (line.rate !== 1 && scenario.scales !== true) {
    console.error(`${line.name} knows no --rate`)
    return 2
  }
  if (reason !== undefined) console.error(`Skipped: ${reason}.`)
  const before = machine()
  const outcome: Outcome = reason === undefined ? await scenario.run(line) : { rows: [], ratios: [] }
  if (line.chart !== '' && outcome.chart !== undefined) {
    await mkdir(dirname(line.chart), { recursive: true })
    await writeFile(line.chart, outcome.chart)
  }
  const report: Report = { bench: line.name, machine: before, ...measured(outcome) }
  console.log(renderReport(report))
  if (line.json) console.log(JSON.stringify(report))
  return 0
}

async function list(): Promise<string> {
  const lines = Object.entries(SCENARIOS).map(async ([name, load]) => `  ${name.padEnd(12)} ${(await load()).about}`)
  return (await Promise.all(lines)).join('\n')
}

process.exitCode = await main(process.argv.slice(2))
