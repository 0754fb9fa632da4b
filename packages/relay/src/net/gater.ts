import type { ConnectionGater } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * Whom the relay talks to. Anyone may dial it, from loopback and private
 * networks too (a demo, an intranet). It dials nobody itself but relays of its
 * federation: visitors come to it, and an address that a stranger announced
 * must not make it connect to something inside its own network.
 *
 * @param mayDial - whether an address may be that of a fellow relay; default: none
 */
export function relayGater(mayDial: (address: Multiaddr) => boolean = () => false): ConnectionGater {
  return {
    denyDialMultiaddr: (address) => !mayDial(address),
    denyInboundConnection: () => false,
  }
}
