import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { peerIdFromString } from '@libp2p/peer-id'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { WebRTC } from '@multiformats/multiaddr-matcher'
import type { Connection, Libp2p } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'

/** A browser's libp2p as Blackhole sets it up, without Blackhole: WebRTC through a relay, no STUN server. */
export function browserNode(): Libp2pOptions {
  return {
    addresses: { listen: ['/p2p-circuit', '/webrtc'] },
    transports: [webSockets(), webRTC({ rtcConfiguration: { iceServers: [] } }), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify() },
  }
}

/** Reserves a place at the relay and returns the WebRTC address to dial. */
export async function listenAt(node: Libp2p, relay: string): Promise<string> {
  await node.dial(multiaddr(relay))
  for (;;) {
    const address = node.getMultiaddrs().find((candidate) => WebRTC.exactMatch(candidate))
    if (address !== undefined) return address.toString()
    await new Promise((resolve) => {
      node.addEventListener('self:peer:update', resolve, { once: true })
    })
  }
}

/** Connects over WebRTC, again and again: one dial in twenty of js-libp2p's loses a race and runs into its deadline. */
export async function dialWebRtc(node: Libp2p, address: string): Promise<Connection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await node.dial(multiaddr(address), { signal: AbortSignal.timeout(3_000) })
    } catch (error) {
      if (attempt === 5) throw error
      await node.hangUp(peerIdFromString(address.split('/').at(-1) ?? ''))
    }
  }
}
