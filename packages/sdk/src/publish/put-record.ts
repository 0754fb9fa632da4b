import { equals } from 'uint8arrays/equals'
import { createSiteRecord, type SiteRecord } from '@blackhole/site'
import type { SiteKey } from '../keys/site-key.ts'
import type { CallOptions, RelayClient } from '../relay-client/relay-client.ts'

/** What a record is to say. */
export interface RecordWish {
  readonly root: string
  readonly sequence: number
  readonly lifetimeMs?: number | undefined
}

/** A record is signed again when less than this part of its life is left. */
const RENEW_SHARE = 0.5

/** Default life of a record, 365 days: `RECORD_LIFETIME_MS` of `@blackhole/site`. */
const LIFETIME_MS = 365 * 24 * 60 * 60 * 1000

/** The newest record when it says what is wished and lives long enough, else a new one. */
export async function recordFor(
  key: SiteKey,
  wish: RecordWish,
  newest: SiteRecord | undefined,
  now: number,
): Promise<SiteRecord> {
  const { lifetimeMs = LIFETIME_MS } = wish
  const isSame = newest?.root === wish.root && newest.sequence === wish.sequence
  if (isSame && newest.expires - now > lifetimeMs * RENEW_SHARE) return newest
  return await createSiteRecord(key.privateKey, {
    root: wish.root,
    sequence: wish.sequence,
    lifetimeMs,
    now: () => now,
  })
}

/**
 * Puts a record at a relay. When the answer is lost and the put is repeated,
 * the relay may say that the record isn't newer: then it is asked what it has.
 */
export async function putRecord(
  client: RelayClient,
  record: SiteRecord,
  token: string,
  options: CallOptions,
): Promise<void> {
  try {
    await client.putRecord(record.name, record.bytes, token, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const held = await client.record(record.name, options).catch(() => undefined)
    if (held === undefined || !equals(held, record.bytes)) throw error
  }
}
