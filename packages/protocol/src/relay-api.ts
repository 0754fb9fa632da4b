import { ValidationError } from './errors.ts'
import type { SiteName } from './id.ts'

/**
 * The relay's HTTP interface: paths and JSON shapes that relay, SDK and worker
 * share. It answers below the reserved folder of every origin that the relay
 * serves, so a hosted site reaches it without leaving its own origin.
 */
export const API_PATH = '/.blackhole/api/v1'

/** Scripts below the reserved folder of each origin, and at the root of the relay's own. */
export const SCRIPT_PATHS = {
  loader: '/.blackhole/blackhole.js',
  /** On a site's own origin a small script, which runs {@link SCRIPT_PATHS.wholeWorker} when it has to. */
  worker: '/.blackhole/blackhole-sw.js',
  wholeWorker: '/.blackhole/blackhole-sw-whole.js',
  peer: '/.blackhole/blackhole-peer.js',
} as const

/**
 * Value of `Service-Worker-Navigation-Preload` by which a worker asks a site's own origin for the site's record
 * instead of the document: the browser sends it before the worker runs.
 */
export const RECORD_PRELOAD = 'blackhole-record'

/**
 * Name of the `Server-Timing` metric whose description is the root CID that a
 * document was served from: the one header of a navigation that its page can read.
 */
export const ROOT_TIMING = 'blackhole-root'

/** Paths of the interface. */
export const relayPaths = {
  /** GET {@link RelayInfo} */
  relay: () => `${API_PATH}/relay`,
  /** GET {@link SiteSummary} of all sites of the relay */
  sites: () => `${API_PATH}/sites`,
  /** GET {@link SiteSummary} */
  site: (name: SiteName) => `${API_PATH}/sites/${name}`,
  /** GET the signed IPNS record; PUT a newer one (publish token) */
  record: (name: SiteName) => `${API_PATH}/sites/${name}/record`,
  /** GET {@link ListedVersion} list, newest first */
  versions: (name: SiteName) => `${API_PATH}/sites/${name}/versions`,
  /** POST `{cids}` -> `{missing}` (publish token) */
  missing: (name: SiteName) => `${API_PATH}/sites/${name}/blocks/missing`,
  /** POST a CAR -> {@link UploadResult} (publish token) */
  blocks: (name: SiteName) => `${API_PATH}/sites/${name}/blocks`,
  /** GET a block on the way from the newest version's root to its manifest (publish token) */
  manifestBlock: (name: SiteName, cid: string) => `${API_PATH}/sites/${name}/manifest/${cid}`,
  /** POST `{peer, want?}` -> {@link SwarmToken}; the browser's Origin header must be one of the site's */
  token: (name: SiteName) => `${API_PATH}/sites/${name}/token`,
  /** POST {@link AssetReport} of a pull zone; the browser's Origin header must be the zone's */
  assets: (name: SiteName) => `${API_PATH}/sites/${name}/assets`,
  /** POST {@link VisitorReport} (swarm token) */
  report: (name: SiteName) => `${API_PATH}/sites/${name}/report`,
} as const

/** Content types of the interface, as IANA has them. */
export const CONTENT_TYPES = {
  record: 'application/vnd.ipfs.ipns-record',
  car: 'application/vnd.ipld.car',
  raw: 'application/vnd.ipld.raw',
  json: 'application/json',
} as const

/** What a relay says of itself. */
export interface RelayInfo {
  readonly peerId: string
  /** Version of the software. */
  readonly version: string
  /** Multiaddrs that browsers and Node peers can dial, peer id included. */
  readonly addresses: readonly string[]
  /** STUN servers to use: `stun:host:port`, the relay's own. */
  readonly stun: readonly string[]
  /** Host of per-site origins, port included: sites are at `http(s)://NAME.host/`. */
  readonly siteHost: string
  /** Scheme of per-site origins; undefined when the relay doesn't say: then that by which it was asked. */
  readonly siteScheme?: 'http' | 'https' | undefined
  readonly maxUploadBytes: number
  /** Whether it serves content at the moment; one that doesn't only introduces visitors. Relays that don't say so do. */
  readonly serving: boolean
  /** Its own origin, with final slash; undefined when the relay doesn't say. */
  readonly url?: string | undefined
  /**
   * Other relays of its federation, for visitors of its sites: to reach visitors who came there, and to go on when
   * this relay is gone. The relay vouches for them: tokens that they issue are accepted. Undefined when there are none.
   */
  readonly fellows?: readonly FellowInfo[] | undefined
}

/** Another relay, as a relay tells its visitors. */
export interface FellowInfo {
  readonly peerId: string
  /** Its own origin, with final slash. */
  readonly url: string
  /** Multiaddrs, peer id included. */
  readonly addresses: readonly string[]
}

/** Fellows that are read, and addresses of each: what a relay names, a page may connect to. */
const MAX_FELLOWS_READ = 8
const MAX_FELLOW_ADDRESSES = 8

/** A site as the relay knows it. */
export interface SiteSummary {
  readonly name: SiteName
  readonly alias: string | null
  readonly root: string
  /** Sequence number of the record. */
  readonly version: number
  readonly files: number
  readonly bytes: number
  /** Peers that announced lately. */
  readonly peers: number
  /** When this version arrived, ISO 8601. */
  readonly updated: string
  /** Where the relay serves it. */
  readonly url: string
}

/** A version that the relay still holds. */
export interface SiteVersion {
  readonly version: number
  readonly root: string
  /** ISO 8601. */
  readonly published: string
}

/** A version in a relay's list. */
export interface ListedVersion extends SiteVersion {
  /**
   * The signed record that made it the newest, in base64: what shows the owner that the version is their own. Relays
   * of before, and versions that they took, have none.
   */
  readonly record?: string
}

/** What became of an uploaded CAR. */
export interface UploadResult {
  readonly stored: number
  readonly bytes: number
}

/** What a visitor who agreed to tells the relay's operator of a while: where bytes of content came from. */
export interface VisitorReport {
  readonly peers: number
  readonly http: number
  /** From the visitor's own store. */
  readonly local: number
  /** How long the page took to load, when it did so in that while. */
  readonly loadMs?: number
}

/** Permission to join a site's swarm. */
export interface SwarmToken {
  readonly token: string
  /** ISO 8601. */
  readonly expires: string
  /**
   * Who is in the swarm, for an asker who said how many peers it wants: an `AnnounceReply` (`tracker.proto`) in base64
   * (RFC 4648, section 4). Whoever has it can dial before the first announcement is answered.
   */
  readonly swarm?: string
}

/**
 * Checks what a relay (or something that is none) answered to `relayPaths.relay()`.
 *
 * @throws {ValidationError} naming the field
 */
export function parseRelayInfo(value: unknown): RelayInfo {
  const info = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const text = (field: string): string => {
    const found = info[field]
    if (typeof found !== 'string' || found.length === 0 || found.length > 300)
      throw new ValidationError(`relay.${field}`, 'a text', found)
    return found
  }
  const texts = (field: string): string[] => {
    const found = info[field]
    if (
      !Array.isArray(found) ||
      found.length > 32 ||
      !found.every((item) => typeof item === 'string' && item.length <= 500)
    ) {
      throw new ValidationError(`relay.${field}`, 'a list of at most 32 texts', found)
    }
    return found as string[]
  }
  const maxUploadBytes = info['maxUploadBytes']
  if (typeof maxUploadBytes !== 'number' || !(maxUploadBytes > 0))
    throw new ValidationError('relay.maxUploadBytes', 'a number above 0', maxUploadBytes)
  const siteScheme = info['siteScheme']
  if (siteScheme !== undefined && siteScheme !== 'http' && siteScheme !== 'https')
    throw new ValidationError('relay.siteScheme', 'http or https', siteScheme)
  return {
    peerId: text('peerId'),
    version: text('version'),
    addresses: texts('addresses'),
    stun: texts('stun'),
    siteHost: text('siteHost'),
    siteScheme,
    maxUploadBytes,
    serving: info['serving'] !== false,
    url: readUrl(info['url']),
    fellows: parseFellows(info['fellows']),
  }
}

/** One that is malformed is left out: the relay itself can be used without. */
function readUrl(value: unknown): string | undefined {
  const url = typeof value === 'string' && value.length <= 300 ? URL.parse(value) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' ? `${url.origin}/` : undefined
}

/** Reads a list of fellows, at most 8: entries that are none are left out. Undefined when it is no list. */
export function parseFellows(value: unknown): FellowInfo[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.slice(0, MAX_FELLOWS_READ).flatMap((each: unknown): FellowInfo[] => {
    const { peerId, url, addresses } = (typeof each === 'object' && each !== null ? each : {}) as Record<
      string,
      unknown
    >
    const origin = readUrl(url)
    if (typeof peerId !== 'string' || peerId.length > 100 || origin === undefined || !Array.isArray(addresses))
      return []
    const read = addresses
      .slice(0, MAX_FELLOW_ADDRESSES)
      .filter((address): address is string => typeof address === 'string' && address.length <= 500)
    return [{ peerId, url: origin, addresses: read }]
  })
}
