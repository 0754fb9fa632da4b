import { machine, measured } from './harness/report.ts'
import { importProductSources } from './harness/product-sources.ts'
import { readCommandLine } from './harness/options.ts'
import { renderReport } from './harness/table.ts'
import type { BenchOptions, CommandLine } from './harness/options.ts'
import type { Findings, Report } from './harness/report.ts'

/** A benchmark: what it measures in a line, and how to get it when it is asked for. */
interface Benchmark {
  readonly about: string
  load(): Promise<(options: BenchOptions) => Promise<Findings>>
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  transfer: {
    about: 'one 64 MiB file from one browser to another: raw data channel, Blackhole, libp2p, WebTorrent, Bitswap',
    load: async () => (await import('./transfer/transfer.ts')).transfer,
  },
  'page-load': {
    about: 'a real page behind a 20 Mbit/s, 40 ms link: plain HTTP, first visit, second visit, pieces from a peer',
    load: async () => (await import('./page-load/page-load.ts')).pageLoad,
  },
  size: {
    about: 'gzipped bytes of loader, worker and peer against their budgets, and how long the worker takes to start',
    load: async () => (await import('./size/size.ts')).size,
  },
  cache: {
    about: 'hit ratios of LRU, LFU, S3-FIFO, W-TinyLFU and the piece store on traces of visits to real sites',
    load: async () => {
      importProductSources()
      return (await import('./cache/cache.ts')).cache
    },
  },
}

const USAGE = `Usage: npm run bench -- NAME [--json] [--runs N] [--only TEXT] [--size MiB] [--profile FOLDER]

${Object.entries(BENCHMARKS)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join('\n')}`

/** Exit codes: 0 measured (aims met or not), 1 failed, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  let line: CommandLine
  try {
    line = readCommandLine(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return 2
  }
  if (line.name === undefined) {
    console.log(USAGE)
    return 0
  }
  const benchmark = Object.hasOwn(BENCHMARKS, line.name) ? BENCHMARKS[line.name] : undefined
  if (benchmark === undefined) {
    console.error(`There is no benchmark ${JSON.stringify(line.name)}\n\n${USAGE}`)
    return 2
  }
  const before = machine()
  const measure = await benchmark.load()
  const report: Report = { bench: line.name, machine: before, ...measured(await measure(line)) }
  console.log(renderReport(report))
  if (line.json) console.log(JSON.stringify(report))
  return 0
}

process.exitCode = await main(process.argv.slice(2))
