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
  'first-byte': {
    about: 'a 16 KiB file on an open connection, to its first byte, against the echo of a raw data channel',
    load: async () => (await import('./first-byte/first-byte.ts')).firstByte,
  },
  'small-files': {
    about: '1,000 files of 4 KiB from one peer, against WebTorrent and against one file of 4 MiB',
    load: async () => (await import('./small-files/small-files.ts')).smallFiles,
  },
  'worker-start': {
    about: 'a stored page after the worker was stopped, against a worker that only answers from the Cache API',
    load: async () => (await import('./worker-start/worker-start.ts')).workerStart,
  },
  seeding: {
    about: 'the main thread of a tab that seeds at 4 MB/s',
    load: async () => (await import('./seeding/seeding.ts')).seeding,
  },
  'channel-thread': {
    about: 'a raw data channel on the main thread, in a dedicated worker and in a cross-site frame',
    load: async () => (await import('./channel-thread/channel-thread.ts')).channelThread,
  },
  'cold-start': {
    about: "from the script tag to an open connection and to the first piece from a peer, at a visitor's first visit",
    load: async () => (await import('./cold-start/cold-start.ts')).coldStart,
  },
  holders: {
    about: '3 holders that may send 8 Mbit/s each, to one reader',
    load: async () => (await import('./holders/holders.ts')).holders,
  },
  tracker: {
    about: "announces that one core answers per second, against bittorrent-tracker's; memory per idle peer",
    load: async () => (await import('./tracker/tracker.ts')).tracker,
  },
  gateway: {
    about: 'requests per second for a 1 MiB file over 32 connections (wrk), against nginx',
    load: async () => (await import('./gateway/gateway.ts')).gateway,
  },
  cache: {
    about: 'hit ratios of LRU, LFU, S3-FIFO, W-TinyLFU and the piece store on traces of visits to real sites',
    load: async () => {
      importProductSources()
      return (await import('./cache/cache.ts')).cache
    },
  },
  simulation: {
    about: '10,000 simulated visitors: time to get everything by the order of pieces, offload by visitors, relay cost',
    load: async () => {
      importProductSources()
      return (await import('./simulation/simulation.ts')).simulation
    },
  },
}

const USAGE = `Usage: npm run bench -- NAME [--json] [--runs N] [--only TEXT] [--size MiB] [--profile FOLDER]
       [--visitors N] [--charts FOLDER]

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
