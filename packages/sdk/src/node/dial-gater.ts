import type { ConnectionGater } from '@libp2p/interface'
import { isPrivate } from '@libp2p/utils'
import { CODE_P2P, CODE_P2P_CIRCUIT, type Multiaddr } from '@multiformats/multiaddr'

/** Options of {@link dialGater}. */
export interface DialGaterInit {
  /** Whether a peer id is that of a relay that the site's owner chose. */
  readonly isRelay: (peer: string) => boolean
  /** Loopback and private addresses may be dialled: the relay itself is at one. */
  readonly allowPrivate: boolean
}

/**
 * Decides which addresses may be dialled. Addresses of other visitors come
 * from strangers, so they must not make a browser contact whatever they name:
 * only the chosen relays, and peers through them.
 */
export function dialGater(init: DialGaterInit): ConnectionGater {
  return { denyDialMultiaddr: (address) => !mayDial(address, init) }
}

function mayDial(address: Multiaddr, { isRelay, allowPrivate }: DialGaterInit): boolean {
  if (!allowPrivate && isPrivate(address)) return false
  const components = address.getComponents()
  const circuit = components.findIndex(({ code }) => code === CODE_P2P_CIRCUIT)
  const target = components.findLast(({ code }, at) => code === CODE_P2P && (circuit === -1 || at < circuit))
  return target?.value !== undefined && isRelay(target.value)
}
