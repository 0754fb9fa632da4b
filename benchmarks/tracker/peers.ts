import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Connection } from '@libp2p/interface'

/** A visitor as the relay sees it: one connection over WebSockets, and a reservation by which others reach it. */
export interface ConnectedPeer {
  readonly id: string
  readonly connection: Connection
  close(): Promise<void>
}

/** Connects so many peers, a few at a time: a crowd that comes in one instant is another question. */
export async function connectPeers(address: string, count: number, atOnce = 16): Promise<ConnectedPeer[]> {
  const peers: ConnectedPeer[] = []
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      peers.push(await connectPeer(address))
      if (peers.length % 500 === 0) console.error(`${String(peers.length)} peers are connected`)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
  } catch (error) {
    left = 0
    await Promise.all(peers.map((peer) => peer.close()))
    throw error
  }
  return peers
}

async function connectPeer(address: string): Promise<ConnectedPeer> {
  const node = await createLibp2p({
    addresses: { listen: [`${address}/p2p-circuit`] },
    transports: [webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    // The benchmark measures connections that do nothing.
    connectionMonitor: { enabled: false },
    services: { identify: identify() },
  })
  return {
    id: node.peerId.toString(),
    connection: await node.dial(multiaddr(address)),
    close: async () => {
      await node.stop()
    },
  }
}
