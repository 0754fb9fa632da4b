import { ValidationError, parseByteSize, parseSiteName, type SiteName } from '@blackhole/protocol'
import type { LoaderConfig } from '../loader/loader-config.ts'
import type { PeerSettings } from '../peer/peer-settings.ts'
import { parseRelayUrl } from '../relay-client/relay-url.ts'

/** What a page's tag says, checked. */
export interface PageConfig {
  readonly site: SiteName
  readonly relays: readonly string[]
  readonly settings: Partial<PeerSettings>
  /** Most bytes that are stored; 0: what the piece store finds right. */
  readonly storageBytes: number
  /** Loopback and private addresses may be dialled; undefined: when the relay is at one. */
  readonly allowPrivate: boolean | undefined
  /** Root CID that the document was served from, where it is known. */
  readonly root: string | undefined
  readonly widget: boolean
  /** Ask the visitor before anything is shared. */
  readonly consent: boolean
  /** Tell the relay where bytes came from, for its operator's charts. */
  readonly report: boolean
  /** Fetch ahead, when idle, what the visitor is likely to open next. */
  readonly prefetch: boolean
}

/**
 * Reads the configuration that the loader took from its tag.
 *
 * @throws {ValidationError} naming the attribute
 */
export function parsePageConfig({ site, relays, data }: LoaderConfig): PageConfig {
  const upload = bytes(data, 'uploadLimit')
  const maxPeers = count(data, 'maxPeers')
  const seed = data['seed']
  if (seed !== undefined && seed !== 'all' && seed !== 'visited')
    throw new ValidationError('data-seed', 'visited or all', seed)
  if (relays.length === 0) throw new ValidationError('data-relay', 'the address of a relay, or several')
  return {
    site: parseSiteName(site, 'data-site'),
    relays: relays.map((relay) => parseRelayUrl(relay, 'data-relay')),
    settings: {
      ...(upload === undefined ? {} : { uploadBytesPerSecond: upload }),
      ...(maxPeers === undefined ? {} : { maxPeers }),
      ...(seed === undefined ? {} : { seed }),
      relayOnly: isSet(data, 'relayOnly'),
    },
    storageBytes: bytes(data, 'storageLimit') ?? 0,
    allowPrivate: data['allowPrivate'] === undefined ? undefined : isSet(data, 'allowPrivate'),
    root: data['root'],
    widget: isSet(data, 'widget'),
    consent: isSet(data, 'consent'),
    report: isSet(data, 'report'),
    prefetch: isSet(data, 'prefetch'),
  }
}

type Data = LoaderConfig['data']

/** An attribute without a value is on, as HTML has it; `false` is off. */
function isSet(data: Data, name: string): boolean {
  return data[name] !== undefined && data[name] !== 'false'
}

/** `500k`, `2M`, `1G`, `65536`. */
function bytes(data: Data, name: string): number | undefined {
  const value = data[name]
  if (value === undefined) return undefined
  const size = parseByteSize(value)
  if (size === undefined) throw new ValidationError(attribute(name), 'a number of bytes such as 500k or 2M', value)
  return size
}

function count(data: Data, name: string): number | undefined {
  const value = data[name]
  if (value === undefined) return undefined
  if (!/^\d{1,4}$/.test(value)) throw new ValidationError(attribute(name), 'a whole number', value)
  return Number(value)
}

/** The name as it stands in HTML. */
function attribute(name: string): string {
  return `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
