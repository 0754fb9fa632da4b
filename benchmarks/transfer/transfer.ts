import { join } from 'node:path'
import { launchChromium } from '../harness/browser.ts'
import { childrenCpuMs } from '../harness/cpu-time.ts'
import { interleave } from '../harness/interleave.ts'
import { servePages } from '../harness/page-server.ts'
import { profiled } from '../harness/profile.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { heliaBitswap } from './contenders/bitswap.ts'
import { blackholeSdk } from './contenders/blackhole-sdk.ts'
import { blackholeWorker } from './contenders/blackhole-worker.ts'
import { bareLibp2p } from './contenders/libp2p.ts'
import { rawChannel } from './contenders/raw.ts'
import { webTorrent } from './contenders/webtorrent.ts'
import type { ChromiumBrowser } from '@blackhole/testkit'
import type { BenchOptions } from '../harness/options.ts'
import type { PageServer } from '../harness/page-server.ts'
import type { Findings } from '../harness/report.ts'
import type { System } from './contender.ts'
import type { Received } from './pages/bytes.ts'

/** A transfer, and what CPU time it took in both browsers together. */
type Run = Received & { readonly cpuMs: number }

const MiB = 1024 * 1024
const DEFAULT_SIZE_MIB = 64
const DEFAULT_RUNS = 3

const SDK = 'Blackhole, SDK'
const BITSWAP = 'Helia Bitswap'

/** Parts of the raw channel's speed that we aim at. */
const AIMS: Readonly<Record<string, number>> = { [SDK]: 0.92, 'Blackhole, worker': 0.85 }

/** One file from one Chromium to another, by each system in turn. Throughput in MB/s (10^6 bytes), first byte in ms. */
export async function transfer(options: BenchOptions): Promise<Findings> {
  const systems = [rawChannel(), blackholeSdk(), blackholeWorker(), bareLibp2p(), webTorrent(), heliaBitswap()].filter(
    ({ name }) => name.includes(options.only),
  )
  const size = (options.sizeMiB || DEFAULT_SIZE_MIB) * MiB
  const pages = await servePages(join(import.meta.dirname, 'pages'), ['raw', 'sdk', 'libp2p', 'webtorrent', 'bitswap'])
  const browsers = await Promise.all([launchChromium(), launchChromium()])
  try {
    for (const system of systems) await system.start({ pages, size })
    const results = await interleave(
      systems.map((system) => ({
        name: system.name,
        run: () => runOnce(system, browsers, pages, size, options.profile),
      })),
      options.runs || DEFAULT_RUNS,
      (name, round, run) => {
        console.error(
          `round ${String(round + 1)} ${name}: ${megabytesPerSecond(run).toFixed(1)} MB/s, first byte ${run.firstByteMs.toFixed(0)} ms`,
        )
      },
    )
    return findings(results)
  } finally {
    for (const system of systems) await system.stop()
    await Promise.all(browsers.map((browser) => browser.close()))
    await pages.close()
  }
}

async function runOnce(
  system: System,
  [a, b]: readonly [ChromiumBrowser, ChromiumBrowser],
  pages: PageServer,
  size: number,
  profile: string,
): Promise<Run> {
  const [one, other] = await Promise.all([a.newVisitor(), b.newVisitor()])
  const { page: sender } = one
  const { page: receiver } = other
  try {
    const receive = await system.connect({ sender, receiver, pages, size })
    const folder = profile === '' ? '' : join(profile, system.name.replaceAll(' ', '-'))
    const cpuBefore = childrenCpuMs()
    const received = await profiled(folder, { sender, receiver }, receive)
    const cpuMs = childrenCpuMs() - cpuBefore
    if (received.bytes !== size)
      throw new Error(`${system.name} received ${String(received.bytes)} of ${String(size)} bytes`)
    return { ...received, cpuMs }
  } catch (error) {
    for (const complaint of [...one.consoleErrors, ...other.consoleErrors])
      console.error(`${system.name}: ${complaint}`)
    throw error
  } finally {
    await Promise.all([one.context.close(), other.context.close()])
  }
}

function findings(results: ReadonlyMap<string, readonly Run[]>): Findings {
  const rows = [...results].flatMap(([name, runs]) => [
    row(name, 'MB/s', runs.map(megabytesPerSecond)),
    row(
      `${name}, first byte`,
      'ms',
      runs.map(({ firstByteMs }) => firstByteMs),
    ),
    row(
      `${name}, CPU`,
      'ms/MB',
      runs.map(({ cpuMs, bytes }) => cpuMs / (bytes / 1e6)),
    ),
  ])
  const raw = valueOf(rows, 'raw data channel')
  const ours = [...results.keys()]
    .filter((name) => name.startsWith('Blackhole'))
    .flatMap((name) => [
      ratio(`${name} / raw data channel`, valueOf(rows, name) / raw, '>=', AIMS[name] ?? 0.85),
      ratio(`${name}, first byte in ms`, valueOf(rows, `${name}, first byte`), '<=', 150),
    ])
  const sooner = valueOf(rows, `${BITSWAP}, first byte`) / valueOf(rows, `${SDK}, first byte`)
  return {
    rows,
    ratios: [
      ...ours,
      ratio(`${SDK} / WebTorrent 3`, valueOf(rows, SDK) / valueOf(rows, 'WebTorrent 3'), '>=', 2.2),
      ratio(`${SDK} / ${BITSWAP}`, valueOf(rows, SDK) / valueOf(rows, BITSWAP), '>=', 1.3),
      ratio(`${BITSWAP}'s first byte / ours`, sooner, '>=', 10),
    ],
  }
}

function megabytesPerSecond({ bytes, ms }: Pick<Received, 'bytes' | 'ms'>): number {
  return bytes / ms / 1000
}
