import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { getThinWaistAddresses } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Where the relay's HTTP port is reached. */
export interface FrontAddress {
  /** The bound address, `0.0.0.0` and `::` included. */
  host: string
  port: number
  /** It speaks TLS. */
  secure: boolean
  /** What the operator says visitors use, such as `https://relay.example`. Wins over what is bound. */
  publicUrl?: URL | undefined
}

/** Multiaddrs of the WebSocket listener on the front port, without peer id. */
export function webSocketAddresses(front: FrontAddress): Multiaddr[] {
  if (front.publicUrl !== undefined) {
    const { hostname, port, protocol } = front.publicUrl
    const secure = protocol === 'https:'
    const host = hostname.startsWith('[')
      ? `/ip6/${hostname.slice(1, -1)}`
      : /^[\d.]+$/.test(hostname)
        ? `/ip4/${hostname}`
        : `/dns/${hostname}`
    return [multiaddr(`${host}/tcp/${port === '' ? (secure ? '443' : '80') : port}${secure ? '/tls' : ''}/ws`)]
  }
  return interfaceAddresses(front.host, `tcp/${String(front.port)}`).map((address) =>
    address.encapsulate(front.secure ? '/tls/ws' : '/ws'),
  )
}

/** Expands a bound host, wildcards included, to multiaddrs of this machine. */
export function interfaceAddresses(host: string, transport: string): Multiaddr[] {
  const hosts = host === '::' ? ['::', '0.0.0.0'] : [host]
  return hosts.flatMap((each) =>
    getThinWaistAddresses(multiaddr(`/${isIPv6(each) ? 'ip6' : 'ip4'}/${each}/${transport}`)),
  )
}

/** A host that others can reach this machine by, for STUN URLs. */
export function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return isIPv6(host) ? `[${host}]` : host
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)
  return outside?.address ?? '127.0.0.1'
}
