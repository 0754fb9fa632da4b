import { ValidationError } from '@blackhole/protocol'
import { isPrivate } from '@libp2p/utils'
import { CODE_P2P, CODE_P2P_CIRCUIT, multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { WebSockets, WebSocketsSecure } from '@multiformats/multiaddr-matcher'
import { webSocketAddresses } from '../net/addresses.ts'
import { MAX_CONFIGURED_FELLOWS } from './limits.ts'

/**
 * Where a fellow that an operator named is dialled: `https://relay.example`,
 * or a multiaddr of a WebSocket, which may end in the relay's peer id and is
 * then believed of no other relay.
 *
 * @throws {ValidationError} when it is neither
 */
export function fellowAddress(text: string): Multiaddr {
  const fail = (cause?: unknown): never => {
    throw new ValidationError(
      'fellows',
      'URLs such as https://relay.example, or multiaddrs such as /dns/relay.example/tcp/443/tls/ws/p2p/12D3…',
      text.slice(0, 200),
      { cause },
    )
  }
  if (!text.startsWith('/')) {
    const url = URL.parse(text)
    if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/') return fail()
    try {
      const [address] = webSocketAddresses({ host: '', port: 0, secure: false, publicUrl: url })
      return address ?? fail()
    } catch (cause) {
      // A host such as "127.0.0..", which is a name to URLs and no name to multiaddrs.
      return fail(cause)
    }
  }
  try {
    const address = multiaddr(text)
    return isWebSocket(address) ? address : fail()
  } catch (cause) {
    return fail(cause)
  }
}

/**
 * Reads the option that names fellows.
 *
 * @param value - a list, or a text with commas between
 * @throws {ValidationError} when there are too many, or one is no address
 */
export function readFellows(option: string, value: unknown): readonly string[] {
  const given: unknown = typeof value === 'string' ? value.split(',') : value
  if (
    !Array.isArray(given) ||
    given.length > MAX_CONFIGURED_FELLOWS ||
    !given.every((each) => typeof each === 'string')
  ) {
    throw new ValidationError(option, `a list of at most ${String(MAX_CONFIGURED_FELLOWS)} URLs or multiaddrs`, value)
  }
  const fellows = given.map((each: string) => each.trim()).filter((each) => each !== '')
  for (const fellow of fellows) fellowAddress(fellow)
  return Object.freeze(fellows)
}

/** Whether an address is a WebSocket of a host, not one behind another relay. */
export function isWebSocket(address: Multiaddr): boolean {
  if (address.getComponents().some(({ code }) => code === CODE_P2P_CIRCUIT)) return false
  return WebSockets.matches(address) || WebSocketsSecure.matches(address)
}

/** Whether an address is on this machine or in a private network, as far as it shows without asking DNS. */
export function isPrivateAddress(address: Multiaddr): boolean {
  const host = address.getComponents()[0]?.value?.toLowerCase() ?? ''
  return isPrivate(address) || /(^|\.)(localhost|local|internal)$/.test(host)
}

/** The peer id that an address ends in. */
export function peerOf(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(({ code }) => code === CODE_P2P)?.value
}
