import { BlackholeError, NotFoundError, type SiteName } from '@blackhole/protocol'
import { createSiteRecord } from '@blackhole/site'
import type { SiteKey } from '../keys/site-key.ts'
import { failedRelay, noneLeft } from './ask-relays.ts'
import { findSite } from './newest-version.ts'
import { siteUrl, type PublishComponents } from './publish.ts'
import { publishTokens } from './publish-token.ts'
import { putRecord } from './put-record.ts'

/** Options of {@link rollback}. */
export interface RollbackOptions {
  readonly key: SiteKey
  /** The version to go back to. Default: the one before the newest. */
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
 * @throws {NotFoundError} when no relay holds that version any more
 */
export async function rollback(components: PublishComponents, options: RollbackOptions): Promise<RolledBack> {
  const { key, signal } = options
  const { live, failed, newest } = await findSite(components.relays, key.name, components.now(), { signal })
  if (newest === undefined) throw new NotFoundError(`Site ${key.name}`)
  const lists = await Promise.all(live.map(({ client }) => client.versions(key.name, { signal }).catch(() => [])))
  const versions = lists.flat().sort((a, b) => b.version - a.version)
  const target = versions.find(({ version, root }) =>
    options.version === undefined ? version < newest.sequence && root !== newest.root : version === options.version,
  )
  if (target === undefined) {
    throw new NotFoundError(
      options.version === undefined
        ? `A version of ${key.name} before the newest`
        : `Version ${String(options.version)} of ${key.name}`,
    )
  }
  if (target.root === newest.root) {
    throw new BlackholeError(
      'conflict',
      `Version ${String(target.version)} has the content of the newest one already`,
      { subject: key.name },
    )
  }
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
