import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import type { CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { ComponentLogger, Libp2p, PrivateKey } from '@libp2p/interface'
import type { GossipSub } from '@libp2p/gossipsub'
import type { KadDHT } from '@libp2p/kad-dht'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { webRTCDirect } from '@libp2p/webrtc'
import type { Multiaddr } from '@multiformats/multiaddr'
import { WebRTCDirect } from '@multiformats/multiaddr-matcher'
import type { Datastore } from 'interface-datastore'
import { createLibp2p } from 'libp2p'
import type { FederationServices } from '../federation/services.ts'
import {
  MAX_PENDING_CONNECTIONS,
  MAX_STOP_STREAMS,
  RELAYED_CONNECTION_BYTES,
  RELAYED_CONNECTION_MS,
  RESERVATION_TTL_MS,
  SOCKETS_PER_SECOND_PER_ADDRESS,
  STREAM_PING_MS,
  UPGRADE_TIMEOUT_MS,
} from '../limits.ts'
import type { StoredCertificate } from './certificate.ts'
import { relayGater } from './gater.ts'
import { WebSocketTransport } from './web-socket-transport.ts'

/** What {@link createNode} works with. */
export interface NodeComponents {
  privateKey: PrivateKey
  certificate: StoredCertificate
  datastore: Datastore
  logger: ComponentLogger
}

/** Options of {@link createNode}. */
export interface NodeInit {
  /** Multiaddrs of the front port, announced in place of the inner listener's. */
  webSockets: readonly Multiaddr[]
  /** Address to listen on for webrtc-direct; null for none. */
  webRtc: { host: string; port: number } | null
  maxConnections: number
  maxReservations: number
  version: string
  /** What the node does among the relays of a federation; undefined when it is in none. */
  federation?:
    | {
        readonly services: FederationServices
        /** Whether an address may be dialled. */
        readonly mayDial: (address: Multiaddr) => boolean
      }
    | undefined
}

/** The libp2p node of a relay. */
export type RelayNode = Libp2p<{
  identify: ReturnType<ReturnType<typeof identify>>
  ping: ReturnType<ReturnType<typeof ping>>
  relay: CircuitRelayService
}>

/** Those of its services that only a relay in a federation has. */
export function federationOf(node: RelayNode): { dht: KadDHT; pubsub: GossipSub } {
  return node.services as unknown as { dht: KadDHT; pubsub: GossipSub }
}

/**
 * Makes the relay's libp2p node: WebSockets behind the front server,
 * webrtc-direct on UDP, and circuit relay v2 with limits sized for crowds of
 * browsers that only shake hands through it.
 *
 * No bootstrap list, no STUN server, no DNS: it contacts nobody but the
 * relays of a federation, when it is in one.
 */
export function createNode(components: NodeComponents, init: NodeInit): Promise<RelayNode> {
  const peerId = peerIdFromPrivateKey(components.privateKey)
  const announced = init.webSockets.map((address) => address.encapsulate(`/p2p/${peerId.toString()}`))
  const listen = ['/ip4/127.0.0.1/tcp/0/ws']
  if (init.webRtc !== null) {
    listen.push(
      `/${init.webRtc.host.includes(':') ? 'ip6' : 'ip4'}/${init.webRtc.host}/udp/${String(init.webRtc.port)}/webrtc-direct`,
    )
  }
  return createLibp2p({
    privateKey: components.privateKey,
    datastore: components.datastore,
    logger: components.logger,
    nodeInfo: { name: 'blackhole-relay', version: init.version, userAgent: `blackhole-relay/${init.version}` },
    addresses: {
      listen,
      // The WebSocket listener is fed by the front server and has no port of its own.
      announceFilter: (addresses) => [...announced, ...addresses.filter((address) => WebRTCDirect.matches(address))],
    },
    transports: [
      (components) => new WebSocketTransport(components),
      webRTCDirect({ certificate: components.certificate, rtcConfiguration: { iceServers: [] } }),
    ],
    connectionEncrypters: [noise()],
    // Its own pings tell how far a visitor is, for windows above 256 KiB, which nobody needs here.
    streamMuxers: [yamux({ enableKeepAlive: false })],
    connectionMonitor: { pingInterval: STREAM_PING_MS },
    connectionGater: relayGater(init.federation?.mayDial),
    connectionManager: {
      maxConnections: init.maxConnections,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      inboundConnectionThreshold: SOCKETS_PER_SECOND_PER_ADDRESS,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
      reconnectRetries: 0,
      resolvers: {},
    },
    services: {
      // Kademlia and GossipSub learn by it who speaks them. Visitors it would only cost a stream and memory.
      identify: identify({ runOnConnectionOpen: init.federation !== undefined }),
      ping: ping(),
      relay: circuitRelayServer({
        maxInboundHopStreams: MAX_STOP_STREAMS,
        maxOutboundStopStreams: MAX_STOP_STREAMS,
        reservations: {
          maxReservations: init.maxReservations,
          reservationTtl: RESERVATION_TTL_MS,
          defaultDurationLimit: RELAYED_CONNECTION_MS,
          defaultDataLimit: BigInt(RELAYED_CONNECTION_BYTES),
        },
      }),
      ...init.federation?.services,
    },
  })
}
