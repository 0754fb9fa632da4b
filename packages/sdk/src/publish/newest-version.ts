import { CID } from 'multiformats/cid'
import { BlackholeError, type Manifest, type RelayInfo, type SiteName } from '@blackhole/protocol'
import { loadManifest, readSiteRecord, supersedes, type SiteRecord } from '@blackhole/site'
import type { CallOptions, RelayClient } from '../relay-client/relay-client.ts'

/** A relay that answered. */
export interface LiveRelay {
  readonly client: RelayClient
  readonly info: RelayInfo
}

/** A relay that did not answer, or refused, and why. */
export interface FailedRelay {
  readonly url: string
  readonly error: Error
}

/**
 * Asks every relay who it is.
 *
 * @throws the one relay's error, or `unavailable` with all of them, when none answers
 */
export async function findLiveRelays(
  clients: readonly RelayClient[],
  options: CallOptions,
): Promise<{ live: LiveRelay[]; failed: FailedRelay[] }> {
  const live: LiveRelay[] = []
  const failed: FailedRelay[] = []
  await Promise.all(
    clients.map(async (client) => {
      try {
        live.push({ client, info: await client.info(options) })
      } catch (error) {
        options.signal?.throwIfAborted()
        failed.push({ url: client.url, error: error instanceof Error ? error : new Error(String(error)) })
      }
    }),
  )
  if (live.length === 0) throw noneLeft(failed)
  const order = clients.map(({ url }) => url)
  return { live: live.sort((a, b) => order.indexOf(a.client.url) - order.indexOf(b.client.url)), failed }
}

/** One error for all relays that failed. */
export function noneLeft(failed: readonly FailedRelay[]): Error {
  const [only, ...others] = failed
  if (only !== undefined && others.length === 0) return only.error
  if (only === undefined) return new BlackholeError('invalid', 'No relay was given; name at least one')
  const reasons = failed.map(({ error }) => error.message).join('; ')
  return new BlackholeError('unavailable', `No relay took it: ${reasons}`, { cause: only.error })
}

/** The newest valid record of a site at any of the relays; undefined when none has one. */
export async function newestRecord(
  relays: readonly LiveRelay[],
  name: SiteName,
  now: number,
  options: CallOptions,
): Promise<SiteRecord | undefined> {
  const records = await Promise.all(
    relays.map(async ({ client }) => {
      const bytes = await client.record(name, options)
      if (bytes === undefined) return undefined
      // An expired record still tells the sequence number to go on from.
      return await readSiteRecord(name, bytes, { now }).catch(async () => await readSiteRecord(name, bytes, { now: 0 }))
    }),
  )
  return records.reduce<SiteRecord | undefined>(
    (newest, record) =>
      record !== undefined && (newest === undefined || supersedes(record, newest)) ? record : newest,
    undefined,
  )
}

/** The manifest that a record points at, read from whichever relay has it; undefined when none does. */
export async function manifestOf(
  relays: readonly LiveRelay[],
  record: SiteRecord,
  options: CallOptions,
): Promise<Manifest | undefined> {
  for (const { client } of relays) {
    try {
      const { manifest } = await loadManifest(
        CID.parse(record.root),
        (cid, { signal }) => client.block(cid.toString(), { signal }),
        options,
      )
      return manifest
    } catch {
      options.signal?.throwIfAborted()
    }
  }
  return undefined
}
