import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RelayInfo } from '@blackhole/protocol'
import { createPeerNode, PING_INTERVAL_MS, PING_TIMEOUT_MS, type PeerNode } from './create-libp2p.ts'

const PING = '/ipfs/ping/1.0.0'

let relay: Libp2p
let visitor: PeerNode
/** Pings that the relay got, and does not answer. */
let pings: number

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  pings = 0
  relay = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  })
  const onPing = (): void => {
    pings++
  }
  await relay.handle(PING, onPing, { maxInboundStreams: 10 })
  visitor = await createPeerNode({
    relays: () => [{ peerId: relay.peerId.toString(), stun: [] } as unknown as RelayInfo],
    allowPrivate: true,
    relayOnly: true,
    maxPeers: 1,
    privateKey: await generateKeyPair('Ed25519'),
  })
})

afterEach(async () => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  await Promise.all([visitor.stop(), relay.stop()])
})

async function connected(): Promise<Connection> {
  return await visitor.dial(relay.getMultiaddrs())
}

describe('the node of a visitor', () => {
  it('waits for the answer to a ping before it sends the next: a second one would end the connection', async () => {
    const connection = await connected()
    vi.advanceTimersByTime(PING_INTERVAL_MS)
    await expect.poll(() => pings).toBe(1)
    vi.advanceTimersByTime(PING_TIMEOUT_MS)
    await visitor.peerStore.all()
    expect([pings, connection.status]).toEqual([1, 'open'])
  })

  it('gives both sides of a ping equally long, however late the last ones were', async () => {
    const deadline = vi.spyOn(AbortSignal, 'timeout')
    const deadlines = (): number => deadline.mock.calls.filter(([ms]) => ms === PING_TIMEOUT_MS).length
    await connected()
    await expect.poll(() => relay.getConnections().length).toBe(1)
    await relay.getConnections()[0]?.newStream(PING)
    await expect.poll(deadlines).toBe(1)
    vi.advanceTimersByTime(PING_INTERVAL_MS)
    await expect.poll(deadlines).toBe(2)
  })
})
