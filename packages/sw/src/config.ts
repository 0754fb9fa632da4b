import { ValidationError, parseByteSize, parseSiteName } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'

/** What the worker is told at its registration. */
export interface WorkerConfig {
  readonly site: SiteName
  /** Origins of the relays, the nearest first. A hosted site's own origin is one. */
  readonly relays: readonly string[]
  /**
   * `hosted`: a relay serves this origin, all paths are the site's.
   * `tag`: the origin has a server of its own that stays the authority.
   */
  readonly mode: 'hosted' | 'tag'
  /** Share of requests in tag mode after which the origin is asked whether it was redeployed, 0 to 1. */
  readonly sampleRate: number
  /** Most bytes that are stored; 0: what the piece store finds right. */
  readonly storageBytes: number
  /**
   * Whether a new version of the worker replaces the old one at once and
   * claims open pages. Off in a worker that belongs to the site's owner.
   */
  readonly takeover: boolean
}

/** What is used when the registration does not say. */
export const WORKER_DEFAULTS = Object.freeze({
  mode: 'tag',
  sampleRate: 0.02,
  storageBytes: 0,
  takeover: true,
} as const)

/** Relays that are tried: more would only delay the answer that there is none. */
const MAX_RELAYS = 8

/**
 * Name of a global that an owner's own worker sets before `importScripts`,
 * when it was registered without our query:
 * `self.blackhole = { site: 'k51…', relay: 'https://relay.example' }`.
 */
export const CONFIG_GLOBAL = 'blackhole'

/**
 * Reads the worker's configuration from the query of its URL
 * (`?site=…&relay=…&mode=hosted|tag&sample=0.02&storage=500M`; `relay` may be repeated), or
 * from the {@link CONFIG_GLOBAL} of the worker that imported it.
 *
 * @param location - URL of the registered script
 * @param given - value of the global, when there is one
 * @throws {ValidationError} naming the parameter
 */
export function parseWorkerConfig(location: URL, given?: unknown): WorkerConfig {
  const query = location.searchParams.has('site') ? location.searchParams : paramsOf(given)
  const mode = query.get('mode') ?? WORKER_DEFAULTS.mode
  if (mode !== 'hosted' && mode !== 'tag') throw new ValidationError('worker mode', 'hosted or tag', mode)
  // Counted before they are read: a query may name thousands.
  const named = query.getAll('relay')
  const count = named.length + (mode === 'hosted' ? 1 : 0)
  if (count > MAX_RELAYS) throw new ValidationError('worker relay', `at most ${String(MAX_RELAYS)}`, count)
  const relays = named.map((relay) => parseRelay(relay, location))
  if (mode === 'hosted') relays.unshift(location.origin)
  return {
    site: parseSiteName(query.get('site'), 'worker site'),
    relays: [...new Set(relays)],
    mode,
    sampleRate: parseRate(query.get('sample')),
    storageBytes: parseStorage(query.get('storage')),
    takeover: location.searchParams.has('site') && query.get('takeover') !== 'false',
  }
}

function paramsOf(given: unknown): URLSearchParams {
  const params = new URLSearchParams()
  if (typeof given !== 'object' || given === null) return params
  for (const [name, value] of Object.entries(given)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof item === 'string' || typeof item === 'number') params.append(name, String(item))
    }
  }
  return params
}

function parseRelay(value: string, base: URL): string {
  const url = URL.parse(value, base)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ValidationError('worker relay', 'an http(s) URL without user and password', value)
  }
  return url.origin
}

function parseRate(value: string | null): number {
  if (value === null) return WORKER_DEFAULTS.sampleRate
  const rate = Number(value)
  if (value === '' || !(rate >= 0 && rate <= 1))
    throw new ValidationError('worker sample', 'a share from 0 to 1', value)
  return rate
}

function parseStorage(value: string | null): number {
  const bytes = value === null ? WORKER_DEFAULTS.storageBytes : parseByteSize(value)
  if (bytes === undefined) throw new ValidationError('worker storage', 'a number of bytes such as 500k or 2M', value)
  return bytes
}
