import {
  MAX_MISSING_CIDS,
  MAX_RECORD_BYTES,
  MAX_TOKEN_BYTES,
  MAX_TRACKER_PEERS,
  ValidationError,
  parseCid,
  parseSiteName,
  type SiteSummary,
  type SiteVersion,
  type SwarmToken,
  type UploadResult,
} from '@blackhole/protocol'
import { fromString } from 'uint8arrays'

/** Most sites or versions that a relay's list is read to: a hostile one could go on for ever. */
const MAX_LIST = 100_000

/** Base64 of an answer with as many peers as a tracker may name, each with an id and an address. */
const MAX_SWARM_TEXT = MAX_TRACKER_PEERS * 1024

/** Reads a summary of a site as a relay sent it. */
export function parseSiteSummary(value: unknown): SiteSummary {
  const site = fields(value, 'site')
  return {
    name: parseSiteName(site['name'], 'site.name'),
    alias: site['alias'] === null || site['alias'] === undefined ? null : text(site['alias'], 'site.alias'),
    root: parseCid(site['root'], 'site.root').toString(),
    version: count(site['version'], 'site.version'),
    files: count(site['files'], 'site.files'),
    bytes: count(site['bytes'], 'site.bytes'),
    peers: count(site['peers'], 'site.peers'),
    updated: text(site['updated'], 'site.updated'),
    url: webUrl(site['url'], 'site.url'),
  }
}

/** Reads a list of sites. */
export function parseSiteList(value: unknown): SiteSummary[] {
  return list(value, 'sites').map(parseSiteSummary)
}

/** A version that a relay holds, as it says. */
export interface HeldVersion extends SiteVersion {
  /** What should be the signed record that made it the newest; unchecked. */
  readonly record?: Uint8Array<ArrayBuffer>
}

/** Reads the versions of a site, newest first. */
export function parseVersions(value: unknown): HeldVersion[] {
  return list(value, 'versions')
    .map((item) => {
      const version = fields(item, 'versions[]')
      return {
        version: count(version['version'], 'versions[].version'),
        root: parseCid(version['root'], 'versions[].root').toString(),
        published: text(version['published'], 'versions[].published'),
        ...(version['record'] === undefined ? {} : { record: base64(version['record'], 'versions[].record') }),
      }
    })
    .sort((a, b) => b.version - a.version)
}

/** Reads which of the CIDs that were asked about are missing. */
export function parseMissing(value: unknown, asked: ReadonlySet<string>): string[] {
  const missing = fields(value, 'answer')['missing']
  if (!Array.isArray(missing) || missing.length > MAX_MISSING_CIDS) {
    throw new ValidationError('missing', `a list of at most ${String(MAX_MISSING_CIDS)} CIDs`, missing)
  }
  return missing.map((cid: unknown) => {
    if (typeof cid !== 'string' || !asked.has(cid))
      throw new ValidationError('missing', 'a list of CIDs that were asked about', cid)
    return cid
  })
}

/** Reads what became of an upload. */
export function parseUploadResult(value: unknown): UploadResult {
  const result = fields(value, 'upload')
  return { stored: count(result['stored'], 'upload.stored'), bytes: count(result['bytes'], 'upload.bytes') }
}

/** Reads a swarm token. Its signature is checked by who is shown it. */
export function parseSwarmToken(value: unknown): SwarmToken {
  const answer = fields(value, 'token')
  const token = answer['token']
  if (typeof token !== 'string' || token.length > MAX_TOKEN_BYTES) {
    throw new ValidationError('token.token', `a text of at most ${String(MAX_TOKEN_BYTES)} bytes`, token)
  }
  const expires = text(answer['expires'], 'token.expires')
  if (!Number.isFinite(Date.parse(expires)))
    throw new ValidationError('token.expires', 'a time as in ISO 8601', expires)
  const swarm = answer['swarm']
  // Who names peers wrongly still gave a token.
  return typeof swarm === 'string' && swarm.length <= MAX_SWARM_TEXT ? { token, expires, swarm } : { token, expires }
}

function fields(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ValidationError(field, 'an object', value)
  return value as Record<string, unknown>
}

/** A list, or an object whose one list it is: `{"sites": […]}`. */
function list(value: unknown, field: string): unknown[] {
  const found: unknown = Array.isArray(value) ? value : fields(value, field)[field]
  if (!Array.isArray(found) || found.length > MAX_LIST) {
    throw new ValidationError(field, `a list of at most ${String(MAX_LIST)}`, found)
  }
  return found as unknown[]
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length > 1000)
    throw new ValidationError(field, 'a text of at most 1000 characters', value)
  return value
}

function base64(value: unknown, field: string): Uint8Array<ArrayBuffer> {
  const most = 4 * Math.ceil(MAX_RECORD_BYTES / 3)
  try {
    if (typeof value === 'string' && value.length <= most) return new Uint8Array(fromString(value, 'base64pad'))
  } catch {
    // Refused below.
  }
  throw new ValidationError(field, `at most ${String(most)} characters of base64`, value)
}

function count(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new ValidationError(field, 'a whole number', value)
  return value
}

function webUrl(value: unknown, field: string): string {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new ValidationError(field, 'a web address', value)
  return url.href
}
