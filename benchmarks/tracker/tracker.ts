import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { interleave } from '../harness/interleave.ts'
import { importProductSources } from '../harness/product-sources.ts'
import { ratio, row, valueOf } from '../harness/report.ts'
import { FILE, FileSite } from '../transfer/contenders/file-site.ts'
import { connectPeers } from './peers.ts'
import { cpuSecondsOf, residentBytesOf } from './process-cost.ts'
import type { ConnectedPeer } from './peers.ts'
import type { BenchOptions } from '../harness/options.ts'
import type { Findings } from '../harness/report.ts'

const DEFAULT_RUNS = 3

/** Peers that announce, and how often each does: within what a relay lets one do at once. */
const ANNOUNCERS = 40
const ANNOUNCES = 18

/** Idle peers that are held: `BENCH_PEERS` says another number. */
const IDLE_PEERS = 5_000

/** The relay collects its garbage meanwhile. */
const SETTLE_MS = 5_000

const OURS = 'Blackhole tracker'
const BITTORRENT = 'bittorrent-tracker, WebSocket'
const MEMORY = 'memory per idle peer'

/** What a relay's tracker costs: announces that one core answers per second, and memory per peer that is only there. */
export async function tracker(options: BenchOptions): Promise<Findings> {
  importProductSources()
  const idle = Number(process.env['BENCH_PEERS'] ?? IDLE_PEERS)
  const site = await FileSite.startWith({ [FILE]: 1 }, { relayArgs: roomFor(idle + ANNOUNCERS) })
  const bittorrent = await startBittorrent()
  try {
    const results = await interleave(
      [
        { name: OURS, run: () => announceToOurs(site) },
        { name: BITTORRENT, run: () => announceToBittorrent(bittorrent) },
      ],
      options.runs || DEFAULT_RUNS,
      (name, round, perSecond) =>
        console.error(`round ${String(round + 1)} ${name}: ${perSecond.toFixed(0)} announces per second of a core`),
    )
    const rows = [...results].map(([name, values]) => row(name, 'announces/s', values))
    rows.push(row(MEMORY, 'kB', [await memoryPerPeer(site, idle)]))
    return {
      rows,
      ratios: [
        ratio('announces, ours / bittorrent-tracker', valueOf(rows, OURS) / valueOf(rows, BITTORRENT), '>=', 1),
        ratio('kB per idle peer', valueOf(rows, MEMORY), '<=', 60),
      ],
    }
  } finally {
    bittorrent.stop()
    await site.stop()
  }
}

function roomFor(peers: number): string[] {
  const room = String(peers + 1_000)
  const flags = ['--max-connections', '--max-reservations', '--max-sockets-per-address']
  return [...flags.flatMap((flag) => [flag, room]), '--sockets-per-second-per-address', '2000']
}

interface RelayAnswer {
  readonly addresses: readonly string[]
}

async function addressOf(site: FileSite): Promise<string> {
  const response = await fetch(`${site.relay.url}/.blackhole/api/v1/relay`)
  const { addresses } = (await response.json()) as RelayAnswer
  const address = addresses.find((one) => /\/ws(\/|$)/.test(one))
  if (address === undefined) throw new Error(`The relay names no WebSocket address: ${addresses.join(', ')}`)
  return address
}

/** @returns announces per second of the relay's CPU time */
async function announceToOurs(site: FileSite): Promise<number> {
  const { pid } = site.relay
  if (pid === undefined) throw new Error('The relay does not run')
  const { announce } = await import('../../packages/sdk/src/peer/tracker-client.ts')
  const { AnnounceEvent } = await import('@blackhole/protocol')
  const peers = await connectPeers(await addressOf(site), ANNOUNCERS)
  try {
    const tokens = await Promise.all(peers.map(({ id }) => tokenFor(site, id)))
    const before = cpuSecondsOf(pid)
    await Promise.all(
      peers.map(async ({ connection }, index) => {
        for (let round = 0; round < ANNOUNCES; round += 1) {
          const answer = await announce(connection, {
            site: site.name,
            token: tokens[index] ?? '',
            event: AnnounceEvent.ANNOUNCE_UPDATE,
            root: new Uint8Array(0),
            have: 1,
            total: 1,
            want: 50,
          })
          // The first of them are early; then the others are there.
          if (round === ANNOUNCES - 1 && answer.peers.length === 0) throw new Error('The tracker names nobody')
        }
      }),
    )
    return (ANNOUNCERS * ANNOUNCES) / (cpuSecondsOf(pid) - before)
  } finally {
    await closeAll(peers)
  }
}

async function tokenFor(site: FileSite, peer: string): Promise<string> {
  const response = await fetch(`${site.relay.url}/.blackhole/api/v1/sites/${site.name}/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ peer }),
  })
  if (!response.ok) throw new Error(`The relay gives no token: ${String(response.status)} ${await response.text()}`)
  return ((await response.json()) as { token: string }).token
}

interface Bittorrent {
  readonly url: string
  readonly pid: number
  stop(): void
}

async function startBittorrent(): Promise<Bittorrent> {
  const child = fork(join(import.meta.dirname, 'bittorrent-server.ts'))
  const [port] = (await once(child, 'message')) as [number]
  if (child.pid === undefined) throw new Error('The tracker does not run')
  return {
    url: `ws://127.0.0.1:${String(port)}`,
    pid: child.pid,
    stop: () => {
      child.disconnect()
    },
  }
}

/**
 * Announces without offers, which is the least that this tracker does: those that WebTorrent sends along it parses and
 * hands on.
 *
 * @returns announces per second of the tracker's CPU time
 */
async function announceToBittorrent({ url, pid }: Bittorrent): Promise<number> {
  const sockets = await Promise.all(
    Array.from({ length: ANNOUNCERS }, async () => {
      const socket = new WebSocket(url)
      await once(socket, 'open')
      return socket
    }),
  )
  try {
    // As many as it takes to see hundredths of a second.
    const rounds = ANNOUNCES * 20
    const before = cpuSecondsOf(pid)
    await Promise.all(
      sockets.map(async (socket, index) => {
        const message = JSON.stringify({
          action: 'announce',
          info_hash: 'a'.repeat(20),
          peer_id: `-BH0001-${String(index).padStart(12, '0')}`,
          numwant: 50,
          uploaded: 0,
          downloaded: 0,
          left: 1,
          offers: [],
        })
        for (let round = 0; round < rounds; round += 1) {
          const answered = once(socket, 'message')
          socket.send(message)
          await answered
        }
      }),
    )
    return (ANNOUNCERS * rounds) / (cpuSecondsOf(pid) - before)
  } finally {
    for (const socket of sockets) socket.close()
  }
}

/** @returns kB (10^3 bytes) of the relay's resident memory for each of so many peers that do nothing */
async function memoryPerPeer(site: FileSite, peers: number): Promise<number> {
  const { pid } = site.relay
  if (pid === undefined) throw new Error('The relay does not run')
  await pause(SETTLE_MS)
  const before = residentBytesOf(pid)
  const connected = await connectPeers(await addressOf(site), peers)
  try {
    await pause(SETTLE_MS)
    return (residentBytesOf(pid) - before) / peers / 1_000
  } finally {
    await closeAll(connected)
  }
}

async function closeAll(peers: readonly ConnectedPeer[]): Promise<void> {
  await Promise.all(peers.map((peer) => peer.close()))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
