import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify, type Identify } from '@libp2p/identify'
import { FaultTolerance, type ComponentLogger, type Ed25519PrivateKey, type Libp2p } from '@libp2p/interface'
import { ping, type Ping } from '@libp2p/ping'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'
import { MAX_BROWSER_PEERS, type RelayInfo } from '@blackhole/protocol'
import { peerConnectionClass } from '#rtc'
import { forgetsClosed } from './closed-connections.ts'
import { dialGater } from './dial-gater.ts'
import { RelayReservations } from './relay-reservations.ts'
import { mendInitChannel } from './webrtc-init-channel.ts'

/** The libp2p node of a visitor. */
export type PeerNode = Libp2p<{ identify: Identify; ping: Ping; reservations: RelayReservations }>

/** Options of {@link createPeerNode}. */
export interface PeerNodeInit {
  /** The relays that the site's owner chose, as far as they answered by now; no other host is ever contacted first. */
  readonly relays: () => readonly RelayInfo[]
  /** Whether a chosen relay named this address for a relay of its federation. Default: none. */
  readonly isFellow?: (peer: string, address: string) => boolean
  /** Loopback and private addresses may be dialled. */
  readonly allowPrivate: boolean
  /** No WebRTC: only relays are talked to, and no visitor learns this one's IP address. */
  readonly relayOnly: boolean
  /** Connections to other visitors, at most {@link MAX_BROWSER_PEERS}; relays come on top. */
  readonly maxPeers: number
  /** Its identity. */
  readonly privateKey: Ed25519PrivateKey
  readonly logger?: ComponentLogger
}

/** Connections that come and go beside those to peers: relays, and one relayed one per dial while it is negotiated. */
const SPARE_CONNECTIONS = 16

/** Bounds what a stranger can make a page negotiate at once. */
const MAX_PENDING_INBOUND = 16

/** Chrome spends its ~500 `RTCPeerConnection`s on dials too, so few run at once. */
const MAX_PARALLEL_DIALS = 6

/**
 * A connection whose ping is not answered for so long is given up. libp2p's 5 s end those that work hardest: a ping waits
 * behind the pieces that are under way, for seconds on a slow line that is shared, and where the processor is the limit.
 */
export const PING_TIMEOUT_MS = 20_000

/**
 * Longer than a ping may take: libp2p's monitor begins the next one whether or not the last was answered, a peer may have
 * one open only (libp2p's ping specification), and the monitor takes the error of the second for a dead connection.
 */
export const PING_INTERVAL_MS = PING_TIMEOUT_MS + 1_000

/**
 * Creates and starts the libp2p node of a visitor, in a page or in Node. It knows no
 * bootstrap nodes and no STUN servers but those of its relays, and listens on
 * nothing before {@link RelayReservations.reserve}.
 */
export async function createPeerNode(init: PeerNodeInit): Promise<PeerNode> {
  const maxPeers = Math.min(init.maxPeers, MAX_BROWSER_PEERS)
  const rtc = init.relayOnly ? undefined : peerConnectionClass()
  if (rtc !== undefined) mendInitChannel(rtc)
  const rtcConfiguration = (): RTCConfiguration => ({ iceServers: iceServersOf(init.relays()) })
  return await createLibp2p({
    privateKey: init.privateKey,
    nodeInfo: { name: 'blackhole' },
    addresses: { listen: rtc === undefined ? [] : ['/webrtc'] },
    transports: [
      webSockets(),
      circuitRelayTransport(),
      ...(rtc === undefined ? [] : [forgetsClosed(webRTC({ rtcConfiguration })), webRTCDirect({ rtcConfiguration })]),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: dialGater({
      isRelay: (peer) => init.relays().some(({ peerId }) => peerId === peer),
      ...(init.isFellow === undefined ? {} : { isFellow: init.isFellow }),
      allowPrivate: init.allowPrivate,
    }),
    connectionMonitor: {
      pingInterval: PING_INTERVAL_MS,
      // Else it doubles with each connection that was lost, and finds the next one later.
      pingTimeout: { minTimeout: PING_TIMEOUT_MS, maxTimeout: PING_TIMEOUT_MS },
    },
    connectionManager: {
      maxConnections: maxPeers + SPARE_CONNECTIONS,
      maxParallelDials: MAX_PARALLEL_DIALS,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      // All inbound connections come over the relay's one address.
      inboundConnectionThreshold: Number.POSITIVE_INFINITY,
      // Relays are redialled with our own backoff.
      reconnectRetries: 0,
    },
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    ...(init.logger === undefined ? {} : { logger: init.logger }),
    services: {
      // Nobody reads what it finds out; but with a Firefox that does not ask, dials of a Chromium often run out of time.
      identify: identify(),
      // Whoever asks waits for as long: libp2p's 10 s would end their ping here.
      ping: ping({ timeout: PING_TIMEOUT_MS }),
      reservations: (components: ConstructorParameters<typeof RelayReservations>[0]) =>
        new RelayReservations(components),
    },
  })
}

function iceServersOf(relays: readonly RelayInfo[]): RTCIceServer[] {
  return relays.flatMap(({ stun }) => stun.filter((url) => /^stuns?:/.test(url)).map((urls) => ({ urls })))
}
