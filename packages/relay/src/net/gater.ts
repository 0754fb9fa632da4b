import type { ConnectionGater } from '@libp2p/interface'

/**
 * Whom the relay talks to. Anyone may dial it, from loopback and private
 * networks too (a demo, an intranet). It dials nobody itself: visitors come to
 * it, and an address that a stranger announced must not make it connect to
 * something inside its own network.
 */
export function relayGater(): ConnectionGater {
  return {
    denyDialMultiaddr: () => true,
    denyInboundConnection: () => false,
  }
}
