import { BlackholeError, type Manifest, type RelayInfo, type SiteName } from '@blackhole/protocol'
import { importSite, type SiteFile, type SiteImport } from '@blackhole/site'
import type { SiteKey } from '../keys/site-key.ts'
import type { RelayClient } from '../relay-client/relay-client.ts'
import { failedRelay, noneLeft, type FailedRelay } from './ask-relays.ts'
import { findSite, manifestOf, type KnownSite, type LiveRelay } from './newest-version.ts'
import { publishTokens } from './publish-token.ts'
import { putRecord, recordFor } from './put-record.ts'
import { uploadMissing, type UploadProgress } from './upload-missing.ts'

/** What publishing needs. */
export interface PublishComponents {
  readonly relays: readonly RelayClient[]
  readonly now: () => number
  readonly random: () => number
}

/** How far a publish has come. */
export type PublishProgress =
  | { readonly type: 'read'; readonly files: number; readonly bytes: number }
  | ({ readonly type: 'upload'; readonly relay: string } & UploadProgress)
  | { readonly type: 'record'; readonly relay: string; readonly version: number }
  | { readonly type: 'failed'; readonly relay: string; readonly error: Error }

/** Options of {@link publish}. */
export interface PublishOptions {
  readonly key: SiteKey
  /** Web origins besides the hosted ones whose visitors may join the swarm. Default: as before. */
  readonly origins?: readonly string[] | undefined
  /** Who answers navigations on those origins. Default: as before, or `origin`. */
  readonly documents?: Manifest['documents'] | undefined
  /** End the site: workers of visitors unregister themselves. */
  readonly retired?: boolean | undefined
  /** How long the record is valid. Default: 365 days. */
  readonly lifetimeMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /**
   * Awaited once, when a relay has answered and the files are read, before anything is sent: the moment to keep a key
   * that was made for this.
   */
  readonly beforeSending?: (() => Promise<void>) | undefined
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined
}

/** What was published. */
export interface Published {
  readonly name: SiteName
  readonly root: string
  /** Sequence number of the record. */
  readonly version: number
  /** Where the first relay serves it. */
  readonly url: string
  readonly files: number
  readonly bytes: number
  /** Pieces, and their bytes, that a relay had to be sent; of several relays, the most. */
  readonly newPieces: number
  readonly newBytes: number
  /** Where each relay that took it serves it. */
  readonly urls: readonly string[]
  /** Relays that did not take it, and why. */
  readonly failed: readonly FailedRelay[]
}

/**
 * Publishes files as the next version of a site: reads them, uploads what the
 * relays lack, and makes the signed record theirs. The same content again keeps
 * root and version. Succeeds when at least one relay took it.
 *
 * @throws what the files or every relay failed with; `unavailable` when the version before can't be read,
 * and `origins` and `documents`, which are as in it unless they are given, are not both given
 */
export async function publish(
  components: PublishComponents,
  files: Iterable<SiteFile> | AsyncIterable<SiteFile>,
  options: PublishOptions,
): Promise<Published> {
  const { key, signal, onProgress } = options
  const known = await findSite(components.relays, key.name, components.now(), { signal })
  const { live, failed, newest } = known
  const manifest = await previousManifest(components, known, options)
  const site = await importSite(files, {
    previous: newest === undefined || manifest === undefined ? undefined : { root: newest.root, manifest },
    sequence: (newest?.sequence ?? 0) + 1,
    origins: options.origins,
    documents: options.documents,
    retired: options.retired,
    now: components.now,
    signal,
    onProgress: (progress) => onProgress?.({ type: 'read', ...progress }),
  })
  // The record is the authority on the version: after a rollback the manifest's own number is older.
  const sequence = newest !== undefined && site.unchanged ? newest.sequence : site.manifest.sequence
  const record = await recordFor(
    key,
    { root: site.root, sequence, lifetimeMs: options.lifetimeMs },
    newest,
    components.now(),
  )
  await options.beforeSending?.()
  const sent: Sent[] = []
  for (const relay of live) {
    try {
      sent.push(
        await send(components, relay, site, options, async (token) => {
          await putRecord(relay.client, record, token, { signal })
        }),
      )
      onProgress?.({ type: 'record', relay: relay.client.url, version: sequence })
    } catch (thrown) {
      signal?.throwIfAborted()
      const failure = failedRelay(relay.client, thrown)
      // What is wrong with the files is wrong for every relay.
      if ('reason' in failure.error && failure.error.reason === 'changed') throw failure.error
      failed.push(failure)
      onProgress?.({ type: 'failed', relay: failure.url, error: failure.error })
    }
  }
  const [first] = sent
  if (first === undefined) throw noneLeft(failed)
  return {
    name: key.name,
    root: site.root,
    version: sequence,
    url: first.url,
    files: site.files,
    bytes: site.bytes,
    newPieces: Math.max(...sent.map(({ pieces }) => pieces)),
    newBytes: Math.max(...sent.map(({ bytes }) => bytes)),
    urls: sent.map(({ url }) => url),
    failed,
  }
}

/** The manifest of the version before; undefined when there is none, or nothing of it is needed. */
async function previousManifest(
  { now }: PublishComponents,
  { live, newest }: KnownSite,
  { key, origins, documents, signal }: PublishOptions,
): Promise<Manifest | undefined> {
  if (newest === undefined) return undefined
  try {
    return await manifestOf(live, key, newest, { now, signal })
  } catch (cause) {
    signal?.throwIfAborted()
    if (origins !== undefined && documents !== undefined) return undefined
    throw new BlackholeError(
      'unavailable',
      `Which origins version ${String(newest.sequence)} allows and who answers navigations there can't be read from ` +
        'the relay, so the next version would lose it: try again, or state both (--origin, --documents)',
      { cause, subject: key.name },
    )
  }
}

interface Sent {
  readonly url: string
  readonly pieces: number
  readonly bytes: number
}

async function send(
  { now, random }: PublishComponents,
  { client, info }: LiveRelay,
  site: SiteImport,
  { key, signal, onProgress }: PublishOptions,
  putRecordWith: (token: string) => Promise<void>,
): Promise<Sent> {
  const token = publishTokens(key, info.peerId, now)
  const missing = await uploadMissing({ client, info, token, random }, site, {
    site: key.name,
    signal,
    onProgress: (progress) => onProgress?.({ type: 'upload', relay: client.url, ...progress }),
  })
  await putRecordWith(await token())
  const pieces = missing.flatMap((cid) => {
    const block = site.blocks.get(cid)
    return block?.type === 'leaf' ? [block] : []
  })
  return {
    url: siteUrl(client.url, info, key.name),
    pieces: pieces.length,
    bytes: pieces.reduce((sum, { size }) => sum + size, 0),
  }
}

/** Where a relay serves a site: `http(s)://NAME.host/`. */
export function siteUrl(
  relay: string,
  { siteHost, siteScheme }: Pick<RelayInfo, 'siteHost' | 'siteScheme'>,
  name: SiteName,
): string {
  return `${siteScheme ?? new URL(relay).protocol.slice(0, -1)}://${name}.${siteHost}/`
}
