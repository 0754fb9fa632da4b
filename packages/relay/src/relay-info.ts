import type { Libp2p } from '@libp2p/interface'
import { isIPv6 } from 'node:net'
import type { RelayInfo, SiteName } from '@blackhole/protocol'
import type { RelayInit } from './config.ts'
import { hostNameOf } from './http/hosts.ts'
import { reachableHost } from './net/addresses.ts'
import { RELAY_VERSION } from './version.ts'

/** Addresses by which visitors reach the relay. */
export interface Endpoints {
  publicUrl: URL | undefined
  /** URL of the relay's own origin, with final slash. */
  url: string
  /** Host of per-site origins, port included. */
  siteHost: string
  /** Scheme of per-site origins. */
  siteScheme: 'http' | 'https'
  /** Hosts that are the relay itself. */
  relayHosts: string[]
  siteUrl: (name: SiteName) => string
}

/** Works out the addresses from the options and the bound port. */
export function endpointsOf(init: RelayInit, port: number): Endpoints {
  const publicUrl = init.publicUrl === '' ? undefined : new URL(init.publicUrl)
  const loopback = ['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost'].includes(init.host)
  const host = loopback ? 'localhost' : isIPv6(init.host) ? `[${init.host}]` : init.host
  const isSecure = publicUrl === undefined ? init.tlsCert !== '' : publicUrl.protocol === 'https:'
  const siteScheme = isSecure ? 'https' : 'http'
  const url = publicUrl?.href ?? `${siteScheme}://${host}:${String(port)}/`
  const siteHost = init.siteHost !== '' ? init.siteHost : (publicUrl?.host ?? `localhost:${String(port)}`)
  return {
    publicUrl,
    url,
    siteHost,
    siteScheme,
    relayHosts: [hostNameOf(init.host), ...(publicUrl === undefined ? [] : [hostNameOf(publicUrl.host)])],
    siteUrl: (name) => `${siteScheme}://${name}.${siteHost}/`,
  }
}

/** What of a running relay is not in its options. */
interface RelayState {
  readonly node: Pick<Libp2p, 'peerId' | 'getMultiaddrs'>
  readonly endpoints: Endpoints
  readonly stunPort: number | undefined
  /** Whether it serves content now. */
  readonly serving: boolean
  /** Other relays of the federation. */
  readonly fellows: RelayInfo['fellows']
}

/** What the relay says of itself. */
export function infoOf(init: RelayInit, { node, endpoints, stunPort, serving, fellows }: RelayState): RelayInfo {
  const stunHost = endpoints.publicUrl?.hostname ?? reachableHost(init.host)
  return {
    peerId: node.peerId.toString(),
    version: RELAY_VERSION,
    addresses: node.getMultiaddrs().map(String),
    stun: stunPort === undefined ? [] : [`stun:${stunHost}:${String(stunPort)}`],
    siteHost: endpoints.siteHost,
    siteScheme: endpoints.siteScheme,
    maxUploadBytes: init.maxUploadBytes,
    serving,
    url: endpoints.url,
    ...(fellows === undefined || fellows.length === 0 ? {} : { fellows }),
  }
}
