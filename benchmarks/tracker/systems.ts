import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Announce } from '@blackhole/protocol'
import type { FileSite } from '../transfer/contenders/file-site.ts'
import { connectLightPeers } from './light-peer.ts'
import { cpuSecondsOf } from './process-cost.ts'

/** Peers in the swarm, which all announce; how often each does is within what a relay lets one do at once. */
const ANNOUNCERS = 100
const ROUNDS = 9

/** Peers that an announcement introduces: `bittorrent-tracker`'s client sends no more offers than that. */
const INTRODUCED = 5

/** Bytes of a WebRTC offer with a few candidates, as Chromium makes one for a data channel. */
const OFFER_BYTES = 1_200

/** Bytes of our answer with five peers, for the echo. */
const ANSWER_BYTES = 800

/** Announces per second of a server's CPU time, by what was announced. */
export type Rates = Readonly<Record<string, number>>

export const FIRST = 'Blackhole, first announce of a visit'
export const WANTING = 'Blackhole, 5 peers named'
export const QUIET = 'Blackhole, nothing wanted'
export const OFFERS = 'bittorrent-tracker, 5 offers handed on'
export const PLAIN = 'bittorrent-tracker, no offers'
export const ECHO = 'echo on a bare libp2p stream'

/** The relay's tracker: 100 visitors with a connection and a reservation each. */
export async function announceToOurs(site: FileSite): Promise<Rates> {
  const { pid } = site.relay
  if (pid === undefined) throw new Error('The relay does not run')
  const { TrackerStream } = await import('../../packages/sdk/src/peer/tracker-stream.ts')
  const { AnnounceEvent } = await import('@blackhole/protocol')
  const peers = await connectLightPeers(await addressOf(site), ANNOUNCERS)
  try {
    const visits: { readonly stream: InstanceType<typeof TrackerStream>; readonly token: string }[] = []
    for (const peer of peers) visits.push({ stream: new TrackerStream(peer), token: await tokenFor(site, peer.id) })
    const announce = (want: number, rounds: number): Promise<number> =>
      perCpuSecond(pid, visits.length * rounds, async () => {
        await Promise.all(
          visits.map(async ({ stream, token }) => {
            const message: Omit<Announce, 'keep'> = {
              site: site.name,
              token,
              event: AnnounceEvent.ANNOUNCE_UPDATE,
              root: new Uint8Array(36),
              have: 1,
              total: 1,
              want,
            }
            for (let round = 0; round < rounds; round += 1) {
              const { peers: named } = await stream.announce(message)
              if (rounds > 1 && named.length !== want)
                throw new Error(`The tracker names ${String(named.length)} peers`)
            }
          }),
        )
      })
    const first = await announce(INTRODUCED, 1)
    return { [FIRST]: first, [WANTING]: await announce(INTRODUCED, ROUNDS), [QUIET]: await announce(0, ROUNDS) }
  } finally {
    for (const peer of peers) peer.close()
  }
}

/** `bittorrent-tracker`: with the offers that WebTorrent sends along, and without, which is the least that it does. */
export async function announceToBittorrent(): Promise<Rates> {
  const { message: port, pid, stop } = await startServer('bittorrent-server.ts')
  const sockets = await Promise.all(
    Array.from({ length: ANNOUNCERS }, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${String(port)}`)
      await once(socket, 'open')
      return socket
    }),
  )
  try {
    const announce = (offers: number): Promise<number> =>
      perCpuSecond(pid, sockets.length * ROUNDS * 4, async () => {
        await Promise.all(
          sockets.map(async (socket, index) => {
            const offer = { type: 'offer', sdp: 'v'.repeat(OFFER_BYTES) }
            const message = JSON.stringify({
              action: 'announce',
              info_hash: 'a'.repeat(20),
              peer_id: `-BH0001-${String(index).padStart(12, '0')}`,
              numwant: offers,
              uploaded: 0,
              downloaded: 0,
              left: 1,
              offers: Array.from({ length: offers }, (_, at) => ({ offer, offer_id: String(at).padStart(20, '0') })),
            })
            for (let round = 0; round < ROUNDS * 4; round += 1) await answered(socket, message)
          }),
        )
      })
    await announce(0)
    return { [PLAIN]: await announce(0), [OFFERS]: await announce(INTRODUCED) }
  } finally {
    for (const socket of sockets) socket.close()
    stop()
  }
}

/** The floor of whatever is asked over a libp2p stream: WebSocket, Noise and Yamux, and a handler that does nothing. */
export async function echo(): Promise<Rates> {
  const { message: address, pid, stop } = await startServer('echo-server.ts', String(ANSWER_BYTES))
  const peers = await connectLightPeers(String(address), ANNOUNCERS)
  try {
    const streams = await Promise.all(peers.map((peer) => peer.newStream('/echo')))
    const rounds = ROUNDS * 4
    const rate = await perCpuSecond(pid, streams.length * rounds, async () => {
      await Promise.all(
        streams.map(async (stream) => {
          let got = 0
          let resolve: (() => void) | undefined
          stream.addEventListener('message', ({ data }) => {
            got += data.byteLength
            if (got % ANSWER_BYTES === 0) resolve?.()
          })
          for (let round = 0; round < rounds; round += 1) {
            const whole = new Promise<void>((done) => (resolve = done))
            stream.send(new Uint8Array(50))
            await whole
          }
        }),
      )
    })
    return { [ECHO]: rate }
  } finally {
    for (const peer of peers) peer.close()
    stop()
  }
}

/** The relay's WebSocket address. */
export async function addressOf(site: FileSite): Promise<string> {
  const response = await fetch(`${site.relay.url}/.blackhole/api/v1/relay`)
  const { addresses } = (await response.json()) as { addresses: readonly string[] }
  const address = addresses.find((one) => /\/ws(\/|$)/.test(one))
  if (address === undefined) throw new Error(`The relay names no WebSocket address: ${addresses.join(', ')}`)
  return address
}

async function perCpuSecond(pid: number, count: number, task: () => Promise<void>): Promise<number> {
  const before = cpuSecondsOf(pid)
  await task()
  return count / (cpuSecondsOf(pid) - before)
}

/** Waits for the answer; offers of others come in between. */
async function answered(socket: WebSocket, message: string): Promise<void> {
  const answer = new Promise<void>((resolve) => {
    const onMessage = ({ data }: MessageEvent): void => {
      if (!String(data).includes('"interval"')) return
      socket.removeEventListener('message', onMessage)
      resolve()
    }
    socket.addEventListener('message', onMessage)
  })
  socket.send(message)
  await answer
}

/** A token; a relay gives one address a hundred at once and 20 per second, so the next rounds wait. */
async function tokenFor(site: FileSite, peer: string): Promise<string> {
  for (;;) {
    const response = await fetch(`${site.relay.url}/.blackhole/api/v1/sites/${site.name}/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ peer }),
    })
    if (response.ok) return ((await response.json()) as { token: string }).token
    if (response.status !== 429) throw new Error(`The relay gives no token: ${await response.text()}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function startServer(
  file: string,
  ...args: string[]
): Promise<{ message: unknown; pid: number; stop: () => void }> {
  const child = fork(join(import.meta.dirname, file), args)
  const [message] = (await once(child, 'message')) as [unknown]
  if (child.pid === undefined) throw new Error(`${file} does not run`)
  return {
    message,
    pid: child.pid,
    stop: () => {
      child.disconnect()
    },
  }
}
