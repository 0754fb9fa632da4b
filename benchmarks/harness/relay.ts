import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'

/** A plain libp2p relay on loopback: it introduces two browsers for the alternatives that run over libp2p. */
export interface PlainRelay {
  /** Multiaddr that a browser dials, peer id included. */
  readonly address: string
  close(): Promise<void>
}

/** Starts a relay that is nothing but circuit relay v2 over WebSockets. */
export async function startPlainRelay(): Promise<PlainRelay> {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), relay: circuitRelayServer({ reservations: { maxReservations: 100 } }) },
  })
  const [address] = node.getMultiaddrs()
  if (address === undefined) throw new Error('The relay listens on no address')
  return {
    address: address.toString(),
    close: async () => {
      await node.stop()
    },
  }
}
