import { importProductSources } from '../harness/product-sources.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { FILE, FileSite } from '../transfer/contenders/file-site.ts'
import { connectLightPeers } from './light-peer.ts'
import { cpuSecondsOf, residentBytesOf } from './process-cost.ts'
import {
  ECHO,
  OFFERS,
  PLAIN,
  QUIET,
  WANTING,
  addressOf,
  announceToBittorrent,
  announceToOurs,
  echo,
} from './systems.ts'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings, Row } from '../harness/report.ts'

const DEFAULT_RUNS = 3

/** Idle peers that are held: `BENCH_PEERS` says another number. */
const IDLE_PEERS = 5_000

/** Room for those that announce, in all rounds. */
const SPARE_PEERS = 2_000

/** The relay collects its garbage meanwhile. */
const SETTLE_MS = 5_000

/** So long the idle peers are left alone. */
const IDLE_MS = 20_000

const MEMORY = 'memory per idle peer'
const IDLE_CPU = 'CPU of so many idle peers'
const GREETING = 'CPU of a greeting'
const HELD = 'idle peers held'

/** What a relay's tracker costs: announces that one core answers per second, and memory per peer that is only there. */
export async function tracker(options: BenchOptions): Promise<Findings> {
  importProductSources()
  const idle = Number(process.env['BENCH_PEERS'] ?? IDLE_PEERS)
  const site = await FileSite.startWith({ [FILE]: 1 }, { relayArgs: roomFor(idle + SPARE_PEERS) })
  try {
    const values = new Map<string, number[]>()
    const systems = [() => announceToOurs(site), announceToBittorrent, echo]
    for (let round = 0; round < (options.runs || DEFAULT_RUNS); round += 1) {
      for (let at = 0; at < systems.length; at += 1) {
        const rates = (await systems[(at + round) % systems.length]?.()) ?? {}
        for (const [name, rate] of Object.entries(rates)) {
          console.error(`round ${String(round + 1)} ${name}: ${rate.toFixed(0)} per second of a core`)
          values.set(name, [...(values.get(name) ?? []), rate])
        }
      }
    }
    const rows = [...values].map(([name, rates]) => row(name, '/s', rates))
    if (idle > 0) rows.push(...(await holdIdle(site, idle)))
    return {
      rows,
      ratios: [
        ratio('naming 5 peers, ours / bittorrent-tracker', valueOf(rows, WANTING) / valueOf(rows, OFFERS), '>=', 1),
        ratio('naming nobody, ours / bittorrent-tracker', valueOf(rows, QUIET) / valueOf(rows, PLAIN), '>=', 1),
        ratio('naming 5 peers, ours / echo', valueOf(rows, WANTING) / valueOf(rows, ECHO), '>=', 1),
        ratio('kB per idle peer', valueOf(rows, MEMORY), '<=', 60),
      ],
    }
  } finally {
    await site.stop()
  }
}

function roomFor(peers: number): string[] {
  const room = String(peers)
  const flags = ['--max-connections', '--max-reservations', '--max-sockets-per-address']
  return [...flags.flatMap((flag) => [flag, room]), '--sockets-per-second-per-address', '2000']
}

/** Connects peers that do nothing more, and looks at what the relay's process grew by for each (kB are 10^3 bytes). */
async function holdIdle(site: FileSite, count: number): Promise<Row[]> {
  const { pid } = site.relay
  if (pid === undefined) throw new Error('The relay does not run')
  const address = await addressOf(site)
  await pause(SETTLE_MS)
  const before = residentBytesOf(pid)
  const begun = cpuSecondsOf(pid)
  const peers = await connectLightPeers(address, count)
  try {
    const greeted = cpuSecondsOf(pid)
    await pause(SETTLE_MS)
    const settled = cpuSecondsOf(pid)
    await pause(IDLE_MS)
    const held = peers.filter(({ isOpen }) => isOpen).length
    if (held < count) throw new Error(`The relay dropped ${String(count - held)} of ${String(count)} idle peers`)
    return [
      row(MEMORY, 'kB', [(residentBytesOf(pid) - before) / count / 1_000]),
      row(HELD, 'peers', [held]),
      row(GREETING, 'ms', [((greeted - begun) / count) * 1_000]),
      row(IDLE_CPU, '% of a core', [((cpuSecondsOf(pid) - settled) / (IDLE_MS / 1_000)) * 100]),
    ]
  } finally {
    for (const peer of peers) peer.close()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
