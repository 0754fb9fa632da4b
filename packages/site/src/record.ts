import {
  BlackholeError,
  MAX_RECORD_BYTES,
  RecordError,
  parseCid,
  publicKeyOfSite,
  siteNameOf,
} from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import type { PrivateKey } from '@libp2p/interface'
import { createIPNSRecordWithExpiration, marshalIPNSRecord, unmarshalIPNSRecord } from 'ipns'
import type { IPNSRecord } from 'ipns'
import { validate } from 'ipns/validator'
import { compare } from 'uint8arrays/compare'

/** A checked site record: who, what, which version, until when. */
export interface SiteRecord {
  readonly name: SiteName
  /** CID of the site's root folder. */
  readonly root: string
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly expires: number
  /** The signed IPNS record. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** How long a record is valid unless it says otherwise: nobody has to come back to keep a site alive for a year. */
export const RECORD_LIFETIME_MS = 365 * 24 * 60 * 60 * 1000

/** How long a record may be cached without asking again. */
export const RECORD_TTL_MS = 60 * 1000

/** What a new record says. */
export interface SiteRecordInit {
  readonly root: string
  readonly sequence: number
  /** Default {@link RECORD_LIFETIME_MS}. */
  readonly lifetimeMs?: number | undefined
  /** Default {@link RECORD_TTL_MS}. */
  readonly ttlMs?: number | undefined
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** Signs the record that makes `root` the site's version `sequence`: an IPNS record, V1 and V2, as any IPFS tool reads it. */
export async function createSiteRecord(key: PrivateKey, init: SiteRecordInit): Promise<SiteRecord> {
  const name = siteNameOf(key.publicKey)
  const root = parseCid(init.root, 'root').toV1().toString()
  const expires = (init.now ?? Date.now)() + (init.lifetimeMs ?? RECORD_LIFETIME_MS)
  const record = await createIPNSRecordWithExpiration(
    key,
    `/ipfs/${root}`,
    init.sequence,
    new Date(expires).toISOString(),
    { v1Compatible: true, ttlNs: BigInt(init.ttlMs ?? RECORD_TTL_MS) * 1_000_000n },
  )
  return { name, root, sequence: init.sequence, expires, bytes: new Uint8Array(marshalIPNSRecord(record)) }
}

/** What {@link readSiteRecord} checks against. */
export interface ReadRecordOptions {
  /** Milliseconds since 1970. */
  readonly now: number
  /** The newest record of the site that is known. */
  readonly newest?: SiteRecord | undefined
}

/**
 * Reads a site record that came from outside.
 *
 * @throws {RecordError} `invalid`: not an IPNS record, or not one of a site; `forbidden`: not signed by the
 * site's key; `expired`; `stale`: older than the newest known; `conflict`: another content under the same number
 */
export async function readSiteRecord(
  name: SiteName,
  bytes: Uint8Array,
  options: ReadRecordOptions,
): Promise<SiteRecord> {
  const fail = (reason: RecordError['reason'], message: string, cause?: unknown): never => {
    throw new RecordError(reason, `The record of ${name} ${message}`, { cause, subject: name })
  }
  if (bytes.byteLength > MAX_RECORD_BYTES)
    return fail('invalid', `has ${bytes.byteLength} bytes, more than the ${MAX_RECORD_BYTES} allowed`)
  let entry: IPNSRecord
  try {
    entry = unmarshalIPNSRecord(bytes)
  } catch (cause) {
    return fail('invalid', 'is not an IPNS record', cause)
  }
  const expires = Date.parse(entry.validity)
  if (Number.isNaN(expires)) return fail('invalid', 'has no expiry that can be read')
  await checkSignature(name, entry, bytes, fail)
  const root = rootOf(entry.value)
  if (root === undefined)
    return fail('invalid', `does not point at content (/ipfs/CID) but at ${JSON.stringify(entry.value.slice(0, 100))}`)
  if (entry.sequence < 0n || entry.sequence > BigInt(Number.MAX_SAFE_INTEGER))
    return fail('invalid', 'has a sequence number out of range')
  if (expires <= options.now)
    return fail('expired', `expired at ${new Date(expires).toISOString()}; its owner must publish again`)
  const record: SiteRecord = { name, root, sequence: Number(entry.sequence), expires, bytes: new Uint8Array(bytes) }
  if (options.newest !== undefined) checkOrder(record, options.newest)
  return record
}

/**
 * Whether `record` is to replace `newest`: a higher sequence number; at the
 * same number, the one that is valid for longer, then the one whose bytes sort
 * later (IPNS specification, record selection; go-ipns breaks ties by bytes).
 */
export function supersedes(record: SiteRecord, newest: SiteRecord): boolean {
  if (record.sequence !== newest.sequence) return record.sequence > newest.sequence
  if (record.expires !== newest.expires) return record.expires > newest.expires
  return compare(record.bytes, newest.bytes) > 0
}

/**
 * Refuses a record that must not follow the newest one. The same version
 * signed again, for longer or shorter, is fine; another root under the same
 * number is accepted only when IPNS would choose it.
 *
 * @throws {RecordError} `stale` or `conflict`
 */
export function checkOrder(record: SiteRecord, newest: SiteRecord): void {
  const fail = (reason: 'stale' | 'conflict', message: string): never => {
    throw new RecordError(reason, message, { subject: record.name })
  }
  if (record.sequence < newest.sequence) {
    fail(
      'stale',
      `The record of ${record.name} is version ${record.sequence}; version ${newest.sequence} is known already`,
    )
  }
  if (record.sequence === newest.sequence && record.root !== newest.root && !supersedes(record, newest)) {
    fail(
      'conflict',
      `Version ${record.sequence} of ${record.name} is known with another content; publish as a later version`,
    )
  }
}

async function checkSignature(
  name: SiteName,
  entry: IPNSRecord,
  bytes: Uint8Array,
  fail: (reason: RecordError['reason'], message: string, cause?: unknown) => never,
): Promise<void> {
  const key = publicKeyOfSite(name)
  try {
    await validate(key, bytes)
  } catch (cause) {
    const error = cause instanceof Error ? cause : new BlackholeError('invalid', String(cause))
    // whether it has expired is decided by the caller's clock
    if (error.name === 'RecordExpiredError') return
    if (error.name === 'SignatureVerificationError') fail('forbidden', 'is not signed by its key', error)
    fail('invalid', `is not valid: ${error.message} (validity type ${entry.validityType})`, error)
  }
}

function rootOf(value: string): string | undefined {
  const text = /^\/ipfs\/([^/]+)\/?$/.exec(value)?.[1]
  try {
    return text === undefined ? undefined : parseCid(text).toV1().toString()
  } catch {
    return undefined
  }
}
