import { BlackholeError, NotFoundError, type SiteName, type SiteVersion } from '@blackhole/protocol'
import { createSiteRecord } from '@blackhole/site'
import type { SiteKey } from '../keys/site-key.ts'
import { failedRelay, noneLeft } from './ask-relays.ts'
import { findSite, manifestOf, type KnownSite } from './newest-version.ts'
import { siteUrl, type PublishComponents } from './publish.ts'
import { publishTokens } from './publish-token.ts'
import { putRecord } from './put-record.ts'

/** Options of {@link rollback}. */
export interface RollbackOptions {
  readonly key: SiteKey
  /** The version to go back to. Default: the one before that in which the content of now first came. */
  readonly version?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a rollback made. */
export interface RolledBack {
  readonly name: SiteName
  readonly root: string
  /** Sequence number of the new record. */
  readonly version: number
  /** The version whose content it is. */
  readonly restored: number
  readonly url: string
}

/**
 * Makes the content of an older version the newest one, under a new, higher
 * version number: records only ever rise, or a replayed old one could undo an
 * update. The root stays the older version's, so nothing is uploaded, and its
 * manifest keeps its own, older number: the record is the authority.
 *
 * Without a version, each rollback goes one step further back: to the version
 * before that in which the content of now first came. Only a version that is
 * named leads forward again. Versions that ended the site have no content to
 * go back to, and are passed over.
 *
 * @throws {NotFoundError} when no relay holds such a version any more
 * @throws {BlackholeError} `conflict` when the version that is named has the content of now, or none;
 * `unavailable` when what a version holds can't be read
 */
export async function rollback(components: PublishComponents, options: RollbackOptions): Promise<RolledBack> {
  const { key, signal } = options
  const known = await findSite(components.relays, key.name, components.now(), { signal })
  const { live, failed, newest } = known
  if (newest === undefined) throw new NotFoundError(`Site ${key.name}`)
  const lists = await Promise.all(live.map(({ client }) => client.versions(key.name, { signal }).catch(() => [])))
  const versions = lists.flat().sort((a, b) => b.version - a.version)
  const target =
    options.version === undefined
      ? await stepBack(components, known, versions, options)
      : await namedVersion(components, known, versions, { ...options, version: options.version })
  const record = await createSiteRecord(key.privateKey, {
    root: target.root,
    sequence: newest.sequence + 1,
    now: components.now,
  })
  const urls: string[] = []
  for (const { client, info } of live) {
    try {
      await putRecord(client, record, await publishTokens(key, info.peerId, components.now)(), { signal })
      urls.push(siteUrl(client.url, info, key.name))
    } catch (error) {
      signal?.throwIfAborted()
      failed.push(failedRelay(client, error))
    }
  }
  if (urls[0] === undefined) throw noneLeft(failed)
  return { name: key.name, root: target.root, version: record.sequence, restored: target.version, url: urls[0] }
}

/** The newest version with content of before the content of now. */
async function stepBack(
  components: PublishComponents,
  known: KnownSite,
  versions: readonly SiteVersion[],
  options: RollbackOptions,
): Promise<SiteVersion> {
  const { key } = options
  const now = known.newest?.root ?? ''
  const { sequence } = await read(components, known, { root: now }, options)
  for (const version of versions) {
    if (version.version >= sequence || version.root === now) continue
    const { retired } = await read(components, known, version, options)
    if (!retired) return version
  }
  throw new NotFoundError(
    `The content of ${key.name} is that of version ${String(sequence)}; a version with content before it`,
  )
}

/** The version that was named, if there is something to go back to. */
async function namedVersion(
  components: PublishComponents,
  known: KnownSite,
  versions: readonly SiteVersion[],
  options: RollbackOptions & { readonly version: number },
): Promise<SiteVersion> {
  const { key } = options
  const target = versions.find(({ version }) => version === options.version)
  if (target === undefined) throw new NotFoundError(`Version ${String(options.version)} of ${key.name}`)
  const conflict = (what: string): BlackholeError =>
    new BlackholeError('conflict', `Version ${String(options.version)} ${what}`, { subject: key.name })
  if (target.root === known.newest?.root) throw conflict('has the content of the newest one already')
  if ((await read(components, known, target, options)).retired)
    throw conflict('ended the site: it has no content to go back to')
  return target
}

async function read(
  { now }: PublishComponents,
  { live }: KnownSite,
  version: { readonly root: string; readonly version?: number },
  { key, signal }: RollbackOptions,
): ReturnType<typeof manifestOf> {
  try {
    return await manifestOf(live, key, version, { now, signal })
  } catch (cause) {
    signal?.throwIfAborted()
    const which = version.version === undefined ? 'the newest version' : `version ${String(version.version)}`
    throw new BlackholeError('unavailable', `What ${which} of ${key.name} holds can't be read from the relay`, {
      cause,
      subject: key.name,
    })
  }
}
