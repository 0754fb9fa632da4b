import { MAX_UPLOAD_BYTES, ValidationError, parseSiteName } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { parseAlerts } from './history/alerts.ts'
import { readFellows } from './federation/fellow-address.ts'
import {
  HOT_BYTES,
  MAX_ANSWERS_PER_ADDRESS,
  MAX_CONNECTIONS,
  MAX_RESERVATIONS,
  MAX_SOCKETS_PER_ADDRESS,
  NEW_SITES_PER_HOUR_PER_ADDRESS,
  QUOTA_BYTES,
  SOCKETS_PER_SECOND_PER_ADDRESS,
} from './limits.ts'
import { readPullOrigins } from './pull/pull-origins.ts'

/** All options of a relay. */
export interface RelayInit {
  /** Address of the HTTP and WebSocket port. `0.0.0.0` or `::` for all interfaces. */
  readonly host: string
  /** TCP port for everything over HTTP; 0 for any. */
  readonly port: number
  /** Folder of all state; created when it doesn't exist. */
  readonly data: string
  /** What visitors use to reach the relay, such as `https://relay.example`, when that isn't `http://host:port`. Empty for that. */
  readonly publicUrl: string
  /** Host of per-site origins, port included. Empty for `localhost:PORT`, or the host of `publicUrl`. */
  readonly siteHost: string
  /** File of the certificate chain in PEM: the port speaks HTTPS. Empty for HTTP, as behind a proxy. */
  readonly tlsCert: string
  /** File of the certificate's key in PEM. */
  readonly tlsKey: string
  /** UDP port of STUN; 0 for any, -1 for none. */
  readonly stunPort: number
  /** UDP port of webrtc-direct; 0 for any, -1 for none. */
  readonly webRtcPort: number
  /** Folder of the loader, worker and peer scripts. Empty: the relay serves none. */
  readonly scripts: string
  /** Whether site content is served. Records, tokens, tracker and scripts work either way. */
  readonly content: boolean
  /** Whether hosts whose `_dnslink` TXT record names a site held here are served. */
  readonly dnslink: boolean
  /** Host or label -> site name: `docs` is served at `docs.SITEHOST`, `example.com` by its Host header. */
  readonly aliases: Readonly<Record<string, SiteName>>
  /** Believe `X-Forwarded-For` of a proxy on this machine. Scheme and host of links are those of `publicUrl`. */
  readonly trustProxy: boolean
  /** File of lines `prefix,network`: visitors of one network are introduced to each other first. Empty for none. */
  readonly networks: string
  /** Bytes that one site may add. */
  readonly quotaBytes: number
  /** Bytes of all sites together; -1 for as much as the disk has room for. */
  readonly maxTotalBytes: number
  /** Bytes of content that stay in memory once read, the most wanted. 0 for none. */
  readonly hotBytes: number
  /** Names of the sites that may publish. Empty: all. */
  readonly publishers: readonly SiteName[]
  /** Origins whose assets the relay fetches for visitors, such as `https://example.com`, once each names its zone. */
  readonly pull: readonly string[]
  /** Whether those may be at loopback and private addresses: for tests and demonstrations. */
  readonly allowPrivate: boolean
  /** Sites that the relay does not know yet, per hour and address. Those of `publishers` are not counted. */
  readonly newSitesPerHourPerAddress: number
  /** Other relays to federate with: URLs, or multiaddrs of WebSockets. From one of them the others are found. */
  readonly fellows: readonly string[]
  /** Whether other relays may federate with this one though it names no fellow itself. */
  readonly federate: boolean
  /** Secret that the relays of a closed federation share; empty: whoever speaks the protocol is a fellow. */
  readonly federationSecret: string
  /** Which sites known to fellows are fetched: those that this relay's visitors ask for, all, or none. */
  readonly replicate: 'asked' | 'all' | 'none'
  /** Bytes of one CAR upload. */
  readonly maxUploadBytes: number
  /** libp2p connections at once. */
  readonly maxConnections: number
  /** Circuit relay reservations at once. */
  readonly maxReservations: number
  /** Open TCP connections per address. */
  readonly maxSocketsPerAddress: number
  /** Answers under way per address; others wait for their turn. */
  readonly maxAnswersPerAddress: number
  /** What the line carries up, in 10^6 bit/s: answers then take turns, scripts first and what was not sent lately. 0: unknown. */
  readonly uplinkMbit: number
  /** New WebSockets per second and address. */
  readonly socketsPerSecondPerAddress: number
  /** What to be told of, such as `offload<0.3,loadMs>3000`: see `docs/operating.md`. Empty for nothing. */
  readonly alerts: string
  /** URL that alerts are posted to as JSON. Empty: they are in the log alone. */
  readonly alertWebhook: string
  /** Level of the log: `fatal` to `trace`, or `silent`. */
  readonly logLevel: string
}

/** The defaults: a relay for this machine that needs nothing configured. */
export const RELAY_DEFAULTS: RelayInit = Object.freeze({
  host: '127.0.0.1',
  port: 8080,
  data: './blackhole-data',
  publicUrl: '',
  siteHost: '',
  tlsCert: '',
  tlsKey: '',
  stunPort: 0,
  webRtcPort: 0,
  scripts: '',
  content: true,
  dnslink: false,
  aliases: Object.freeze({}),
  trustProxy: false,
  networks: '',
  quotaBytes: QUOTA_BYTES,
  maxTotalBytes: -1,
  hotBytes: HOT_BYTES,
  publishers: Object.freeze([]),
  pull: Object.freeze([]),
  allowPrivate: false,
  newSitesPerHourPerAddress: NEW_SITES_PER_HOUR_PER_ADDRESS,
  fellows: Object.freeze([]),
  federate: false,
  federationSecret: '',
  replicate: 'asked',
  maxUploadBytes: MAX_UPLOAD_BYTES,
  maxConnections: MAX_CONNECTIONS,
  maxReservations: MAX_RESERVATIONS,
  maxSocketsPerAddress: MAX_SOCKETS_PER_ADDRESS,
  maxAnswersPerAddress: MAX_ANSWERS_PER_ADDRESS,
  uplinkMbit: 0,
  socketsPerSecondPerAddress: SOCKETS_PER_SECOND_PER_ADDRESS,
  alerts: '',
  alertWebhook: '',
  logLevel: 'info',
})

/** One option as help and parsers see it. */
export interface RelayOption {
  readonly name: keyof RelayInit
  readonly type: 'text' | 'number' | 'decimal' | 'boolean' | 'origins' | 'aliases' | 'sites' | 'fellows'
  readonly default: RelayInit[keyof RelayInit]
  readonly help: string
}

const option = (name: keyof RelayInit, type: RelayOption['type'], help: string): RelayOption => ({
  name,
  type,
  help,
  default: RELAY_DEFAULTS[name],
})

/** The options in the order of help. Flag `--stun-port`, variable `BLACKHOLE_STUN_PORT`, key `stunPort` of the file. */
export const RELAY_OPTIONS: readonly RelayOption[] = Object.freeze([
  option('host', 'text', 'address to listen on; 0.0.0.0 for all interfaces'),
  option('port', 'number', 'TCP port for HTTP and WebSocket; 0 for any'),
  option('data', 'text', 'folder of all state'),
  option('publicUrl', 'text', 'URL that visitors use, when it is not http://HOST:PORT'),
  option('siteHost', 'text', 'host of per-site origins, port included; default localhost:PORT'),
  option('tlsCert', 'text', 'file of the certificate chain in PEM; the port then speaks HTTPS'),
  option('tlsKey', 'text', 'file of its key in PEM'),
  option('stunPort', 'number', 'UDP port of STUN; 0 for any, -1 for none'),
  option('webRtcPort', 'number', 'UDP port of webrtc-direct; 0 for any, -1 for none'),
  option('scripts', 'text', 'folder of blackhole.js, blackhole-sw.js, blackhole-sw-start.js and blackhole-peer.js'),
  option('content', 'boolean', 'only introduce visitors, serve no site content'),
  option('dnslink', 'boolean', 'serve hosts whose _dnslink TXT record names a site held here'),
  option('aliases', 'aliases', 'names for sites: docs=k51…,example.com=k51…'),
  option('trustProxy', 'boolean', 'believe X-Forwarded-For of a proxy on this machine'),
  option('networks', 'text', 'file of lines prefix,network: visitors of one network meet first'),
  option('quotaBytes', 'number', 'bytes that one site may add'),
  option('maxTotalBytes', 'number', 'bytes of all sites together; -1 for as much as the disk has room for'),
  option('hotBytes', 'number', 'bytes of content that stay in memory once read, the most wanted; 0 for none'),
  option('publishers', 'sites', 'sites that may publish, and no others: k51…,k51…; default all'),
  option('pull', 'origins', 'origin whose assets are fetched for its visitors: https://example.com'),
  option('allowPrivate', 'boolean', 'pull from loopback and private addresses too, for demonstrations'),
  option('newSitesPerHourPerAddress', 'number', 'sites that are new to the relay, per hour and address'),
  option('fellows', 'fellows', 'a relay to federate with: URL or multiaddr'),
  option('federate', 'boolean', 'let other relays federate with this one; always so when it has fellows'),
  option('federationSecret', 'text', 'secret that the relays of a closed federation share'),
  option('replicate', 'text', 'sites to fetch from fellows: asked (by visitors of this relay), all or none'),
  option('maxUploadBytes', 'number', 'bytes of one upload'),
  option('maxConnections', 'number', 'libp2p connections at once'),
  option('maxReservations', 'number', 'circuit relay reservations at once'),
  option('maxSocketsPerAddress', 'number', 'open TCP connections per address'),
  option('maxAnswersPerAddress', 'number', 'answers under way per address; others wait for their turn'),
  option(
    'uplinkMbit',
    'decimal',
    'what the line carries up, in Mbit/s: a crowd is then served in the best order; 0 for unknown',
  ),
  option('socketsPerSecondPerAddress', 'number', 'new WebSockets per second and address'),
  option('alerts', 'text', 'thresholds to be told of: offload<0.3,loadMs>3000,peers>5000'),
  option('alertWebhook', 'text', 'URL that alerts are posted to as JSON'),
  option('logLevel', 'text', 'fatal, error, warn, info, debug, trace or silent'),
])

const NUMBER_BOUNDS: Partial<Record<keyof RelayInit, readonly [number, number]>> = Object.freeze({
  port: [0, 65_535],
  stunPort: [-1, 65_535],
  webRtcPort: [-1, 65_535],
  quotaBytes: [0, Number.MAX_SAFE_INTEGER],
  maxTotalBytes: [-1, Number.MAX_SAFE_INTEGER],
  hotBytes: [0, Number.MAX_SAFE_INTEGER],
  newSitesPerHourPerAddress: [0, 1_000_000],
  maxUploadBytes: [1024, MAX_UPLOAD_BYTES],
  maxConnections: [1, 1_000_000],
  maxReservations: [0, 1_000_000],
  maxSocketsPerAddress: [1, 1_000_000],
  maxAnswersPerAddress: [1, 1_000_000],
  uplinkMbit: [0, 1_000_000],
  socketsPerSecondPerAddress: [1, 1_000_000],
})

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/**
 * Checks options and fills in the defaults.
 *
 * @param values - options by name, from code or a JSON file; texts are read where a number or boolean is due
 * @throws {ValidationError} naming the option and its bound
 */
export function checkRelayInit(values: Readonly<Record<string, unknown>>): RelayInit {
  const init: Record<string, unknown> = { ...RELAY_DEFAULTS }
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue
    const known = RELAY_OPTIONS.find((each) => each.name === name)
    if (known === undefined)
      throw new ValidationError(name, `one of the options ${RELAY_OPTIONS.map((each) => each.name).join(', ')}`)
    init[name] = read(known, value)
  }
  const checked = init as unknown as RelayInit
  checkTexts(checked)
  return Object.freeze(checked)
}

function read(known: RelayOption, value: unknown): unknown {
  switch (known.type) {
    case 'number':
      return readNumber(known.name, value)
    case 'decimal':
      return readDecimal(known.name, value)
    case 'boolean':
      return readBoolean(known.name, value)
    case 'origins':
      return readPullOrigins(known.name, value)
    case 'aliases':
      return readAliases(value)
    case 'sites':
      return readSites(known.name, value)
    case 'fellows':
      return readFellows(known.name, value)
    case 'text':
      if (typeof value !== 'string' || value.length > 4096 || value.includes('\0'))
        throw new ValidationError(known.name, 'a text of at most 4096 characters', value)
      return value
  }
}

function readNumber(name: keyof RelayInit, value: unknown): number {
  const [min, max] = NUMBER_BOUNDS[name] ?? [0, Number.MAX_SAFE_INTEGER]
  const number = typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < min || number > max) {
    throw new ValidationError(name, `a whole number from ${String(min)} to ${String(max)}`, value)
  }
  return number
}

function readDecimal(name: keyof RelayInit, value: unknown): number {
  const [min, max] = NUMBER_BOUNDS[name] ?? [0, Number.MAX_SAFE_INTEGER]
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value
  if (typeof number !== 'number' || !(number >= min && number <= max))
    throw new ValidationError(name, `a number from ${String(min)} to ${String(max)}`, value)
  return number
}

function readBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === '1' || value === 'yes') return true
  if (value === 'false' || value === '0' || value === 'no') return false
  throw new ValidationError(name, 'true or false', value)
}

function readAliases(value: unknown): Record<string, SiteName> {
  const pairs =
    typeof value === 'string'
      ? value
          .split(',')
          .filter((pair) => pair.trim() !== '')
          .map((pair) => pair.split('=').map((part) => part.trim()))
      : Object.entries(typeof value === 'object' && value !== null ? value : {})
  const aliases: Record<string, SiteName> = {}
  for (const [host = '', name] of pairs as [string?, unknown?][]) {
    if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(host) || host.length > 253) {
      throw new ValidationError(
        'aliases',
        'pairs of a host name in lower case and a site name, such as docs=k51…',
        host,
      )
    }
    aliases[host] = parseSiteName(name, `aliases.${host}`)
  }
  return aliases
}

function readSites(option: string, value: unknown): readonly SiteName[] {
  const names: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value
  if (!Array.isArray(names)) throw new ValidationError(option, 'a list of site names, such as k51…,k51…', value)
  return Object.freeze(names.filter((name) => name !== '').map((name: unknown) => parseSiteName(name, option)))
}

function checkTexts(init: RelayInit): void {
  if (init.host === '' || /[\s/]/.test(init.host))
    throw new ValidationError('host', 'an IP address, such as 127.0.0.1 or 0.0.0.0', init.host)
  if (init.data === '') throw new ValidationError('data', 'a folder', init.data)
  if (!LOG_LEVELS.includes(init.logLevel))
    throw new ValidationError('logLevel', `one of ${LOG_LEVELS.join(', ')}`, init.logLevel)
  parseAlerts(init.alerts, 'alerts')
  if (init.alertWebhook !== '' && !/^https?:$/.test(URL.parse(init.alertWebhook)?.protocol ?? ''))
    throw new ValidationError('alertWebhook', 'an http or https URL', init.alertWebhook)
  if (!['asked', 'all', 'none'].includes(init.replicate))
    throw new ValidationError('replicate', 'asked, all or none', init.replicate)
  if ((init.tlsCert === '') !== (init.tlsKey === '')) {
    throw new ValidationError(
      init.tlsCert === '' ? 'tlsCert' : 'tlsKey',
      'given too: certificate and key belong together',
    )
  }
  if (init.publicUrl !== '') {
    const url = URL.parse(init.publicUrl)
    if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
      throw new ValidationError(
        'publicUrl',
        'an http or https URL without a path, such as https://relay.example',
        init.publicUrl,
      )
    }
  }
  if (init.siteHost !== '' && !/^[a-z0-9.-]+(:\d{1,5})?$/.test(init.siteHost)) {
    throw new ValidationError(
      'siteHost',
      'a host name in lower case, with port if need be, such as sites.example or localhost:8080',
      init.siteHost,
    )
  }
}
