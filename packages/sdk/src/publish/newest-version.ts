import { BlackholeError, type Manifest, type RelayInfo, type SiteName } from '@blackhole/protocol'
import { loadManifest, readSiteRecord, supersedes, type SiteRecord } from '@blackhole/site'
import type { SiteKey } from '../keys/site-key.ts'
import type { CallOptions, RelayClient } from '../relay-client/relay-client.ts'
import { askRelays, noneLeft, failedRelay, type FailedRelay } from './ask-relays.ts'
import { publishTokens } from './publish-token.ts'

/** A relay that answered. */
export interface LiveRelay {
  readonly client: RelayClient
  readonly info: RelayInfo
}

/** What the relays know of a site. */
export interface KnownSite {
  /** Relays to publish to, in their order; at least one. */
  readonly live: readonly LiveRelay[]
  /** Relays that did not answer, or not as a relay does. More may be added. */
  readonly failed: FailedRelay[]
  /** The newest valid record; undefined when no relay has one. */
  readonly newest: SiteRecord | undefined
}

/**
 * Asks every relay who it is and for its record of a site.
 *
 * @throws the one relay's error, or `unavailable` with all of them, when none answers
 */
export async function findSite(
  clients: readonly RelayClient[],
  name: SiteName,
  now: number,
  options: CallOptions,
): Promise<KnownSite> {
  const { answers, failed } = await askRelays(
    clients,
    async (client) => ({
      client,
      info: await client.info(options),
      record: await recordOf(client, name, now, options),
    }),
    options,
  )
  const newest = answers.reduce<SiteRecord | undefined>(
    (found, { record }) =>
      record !== undefined && (found === undefined || supersedes(record, found)) ? record : found,
    undefined,
  )
  return { live: answers.map(({ client, info }) => ({ client, info })), failed, newest }
}

async function recordOf(
  client: RelayClient,
  name: SiteName,
  now: number,
  options: CallOptions,
): Promise<SiteRecord | undefined> {
  const bytes = await client.record(name, options)
  if (bytes === undefined) return undefined
  // An expired record still tells the sequence number to go on from.
  return await readSiteRecord(name, bytes, { now })
    .catch(() => readSiteRecord(name, bytes, { now: 0 }))
    .catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new BlackholeError('invalid', `${client.url} sent a record that is not the site's: ${why}`, {
        cause,
        subject: client.url,
      })
    })
}

/**
 * The manifest below the root of a version that is held. The relays give it to
 * the site's owner whether or not they serve content.
 *
 * @throws when no relay gives it
 */
export async function manifestOf(
  relays: readonly LiveRelay[],
  key: SiteKey,
  version: { readonly root: string },
  { now, signal }: { readonly now: () => number; readonly signal?: AbortSignal | undefined },
): Promise<Manifest> {
  const failed: FailedRelay[] = []
  for (const { client, info } of relays) {
    const token = publishTokens(key, info.peerId, now)
    try {
      const { manifest } = await loadManifest(
        version.root,
        async (cid, options) => client.manifestBlock(key.name, cid.toString(), await token(), options),
        { signal },
      )
      return manifest
    } catch (error) {
      signal?.throwIfAborted()
      failed.push(failedRelay(client, error))
    }
  }
  throw noneLeft(failed)
}
