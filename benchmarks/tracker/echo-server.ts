import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'

/** What libp2p alone costs: answers each message with so many bytes. In a process of its own, for its CPU time. */
const answer = new Uint8Array(Number(process.argv[2]))
const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
  transports: [webSockets()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux({ enableKeepAlive: false })],
  connectionManager: { inboundConnectionThreshold: 2_000, maxIncomingPendingConnections: 500 },
  connectionMonitor: { enabled: false },
  services: { relay: circuitRelayServer({ reservations: { maxReservations: 1_000 } }) },
})
await node.handle('/echo', (stream) => {
  stream.addEventListener('message', () => {
    stream.send(answer)
  })
})
process.send?.(String(node.getMultiaddrs()[0]))
process.once('disconnect', () => {
  process.exit(0)
})
