import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'

/** Where a browser's packets went. */
export interface BrowserTraffic {
  /** `127.0.0.1:8080` or `[::1]:8080` of each connection that was tried, and of each packet; with the bytes sent over UDP. */
  readonly addresses: ReadonlyMap<string, number>
  /** Names that were looked up; `~notfound` stands for those that the flags of tests keep from being looked up. */
  readonly names: ReadonlySet<string>
  /** What pages and their workers asked for over HTTP. The browser's own wishes are not among them. */
  readonly urls: ReadonlySet<string>
}

interface NetLog {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> }
  readonly events: readonly NetLogEvent[]
}

interface NetLogEvent {
  readonly type: number
  readonly source: { readonly id: number }
  readonly params?: {
    readonly address?: string
    readonly byte_count?: number
    readonly host?: string
    readonly initiator?: string
    readonly url?: string
  }
}

/** Chromium's word for a request that no page made. */
const NO_PAGE = 'not an origin'

/** Flag that makes Chromium write down all that it does on the network. The file is whole once the browser was closed. */
export function netLogFlag(file: string): string {
  return `--log-net-log=${file}`
}

/** Reads what Chromium wrote down. */
export async function readNetLog(file: string): Promise<BrowserTraffic> {
  const { constants, events } = JSON.parse(await readFile(file, 'utf8')) as NetLog
  const types = new Map(Object.entries(constants.logEventTypes).map(([name, type]) => [type, name]))
  const addresses = new Map<string, number>()
  const names = new Set<string>()
  const urls = new Set<string>()
  /** Who a UDP socket is connected to: packets on it name no address. Connecting alone sends nothing. */
  const connected = new Map<number, string>()
  for (const { type, source, params = {} } of events) {
    const { address, byte_count = 0, host, initiator, url } = params
    switch (types.get(type)) {
      case 'TCP_CONNECT_ATTEMPT':
        if (address !== undefined) addresses.set(address, addresses.get(address) ?? 0)
        break
      case 'UDP_CONNECT':
        if (address !== undefined) connected.set(source.id, address)
        break
      case 'UDP_BYTES_SENT': {
        const to = address ?? connected.get(source.id) ?? 'an unknown address'
        addresses.set(to, (addresses.get(to) ?? 0) + byte_count)
        break
      }
      case 'HOST_RESOLVER_MANAGER_REQUEST':
        if (host !== undefined) names.add(URL.parse(host)?.hostname ?? host)
        break
      case 'URL_REQUEST_START_JOB':
        if (url !== undefined && initiator !== undefined && initiator !== NO_PAGE) urls.add(url)
        break
      default:
        break
    }
  }
  return { addresses, names, urls }
}

/** Whether a host means this machine: `localhost` and names below it, or an address of one of its interfaces; a port may follow. */
export function isOfThisMachine(host: string): boolean {
  const name = /^\[?(.*?)\]?:\d+$/.exec(host)?.[1] ?? host
  if (/(^|\.)localhost$/.test(name) || name.startsWith('127.') || name === '::1') return true
  return Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .some(({ address }) => address === name)
}
