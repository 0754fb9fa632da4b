import type { ConnectionGater } from '@libp2p/interface'
import { isPrivate } from '@libp2p/utils'
import { CODE_P2P, CODE_P2P_CIRCUIT, multiaddr, type Multiaddr } from '@multiformats/multiaddr'

/** Options of {@link dialGater}. */
export interface DialGaterInit {
  /** Whether a peer id is that of a relay that the site's owner chose. */
  readonly isRelay: (peer: string) => boolean
  /** Whether an address is one that a chosen relay named for a relay of its federation. Default: none is. */
  readonly isFellow?: (peer: string, address: string) => boolean
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

/** Whether an address can be that of a relay: a WebSocket or webrtc-direct, of that peer, and not by way of another. */
export function mayBeRelay(address: string, peer: string): boolean {
  try {
    const components = multiaddr(address).getComponents()
    if (components.some(({ code }) => code === CODE_P2P_CIRCUIT) || components.at(-1)?.value !== peer) return false
    return components.some(({ name }) => name === 'ws' || name === 'wss' || name === 'webrtc-direct')
  } catch {
    return false
  }
}

function mayDial(address: Multiaddr, { isRelay, isFellow, allowPrivate }: DialGaterInit): boolean {
  if (!allowPrivate && isPrivate(address)) return false
  const components = address.getComponents()
  const circuit = components.findIndex(({ code }) => code === CODE_P2P_CIRCUIT)
  const target = components.findLast(({ code }, at) => code === CODE_P2P && (circuit === -1 || at < circuit))
  if (target?.value === undefined) return false
  const [relay = ''] = address.toString().split('/p2p-circuit')
  return isRelay(target.value) || isFellow?.(target.value, relay) === true
}
