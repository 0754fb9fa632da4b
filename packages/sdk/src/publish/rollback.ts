import { BlackholeError, NotFoundError, type Manifest, type SiteName } from '@blackhole/protocol'
import { createSiteRecord } from '@blackhole/site'
import type { SiteKey } from '../keys/site-key.ts'
import type { HeldVersion } from '../relay-client/parse-answers.ts'
import { failedRelay, noneLeft } from './ask-relays.ts'
import { findSite, manifestOf } from './newest-version.ts'
import { OwnVersions } from './own-versions.ts'
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
  /** What the owner should know of it: versions that could not be judged. */
  readonly warnings: readonly string[]
}

/**
 * Makes the content of an older version the newest one, under a new, higher
 * version number: records only ever rise, or a replayed old one could undo an
 * update. The root stays the older version's, so nothing is uploaded, and its
 * manifest keeps its own, older number: the record is the authority.
 *
 * Without a version, each rollback goes one step further back: to the newest
 * content from before the content of now. Only a version that is named leads
 * forward again. Versions that ended the site have no content to go back to,
 * and are passed over; so are those that no relay has whole any more.
 *
 * Only what the owner published is brought back, whatever a relay lists: see {@link OwnVersions}.
 *
 * @throws {NotFoundError} when no relay holds such a version any more
 * @throws {BlackholeError} `conflict` when the version that is named has the content of now, or none;
 * `forbidden` when nothing shows that it is the owner's; `unavailable` when what a version holds can't be read
 */
export async function rollback(components: PublishComponents, options: RollbackOptions): Promise<RolledBack> {
  const { key, signal } = options
  const { now } = components
  const { live, failed, newest } = await findSite(components.relays, key.name, now(), { signal })
  if (newest === undefined) throw new NotFoundError(`Site ${key.name}`)
  const lists = await Promise.all(live.map(({ client }) => client.versions(key.name, { signal }).catch(() => [])))
  const read = async (root: string): Promise<Manifest | undefined> => {
    try {
      return await manifestOf(live, key, { root }, { now, signal })
    } catch (cause) {
      signal?.throwIfAborted()
      if (cause instanceof BlackholeError && GONE.has(cause.reason)) return undefined
      throw new BlackholeError('unavailable', `What a version of ${key.name} holds can't be read from the relay`, {
        cause,
        subject: key.name,
      })
    }
  }
  const own = new OwnVersions({ read }, { name: key.name, root: newest.root })
  const site: Site = {
    name: key.name,
    root: newest.root,
    versions: lists.flatMap((list) => list.slice(0, MAX_LISTED)),
    own,
  }
  const { target, warnings } =
    options.version === undefined ? await stepBack(site) : await namedVersion(site, options.version)
  const record = await createSiteRecord(key.privateKey, { root: target.root, sequence: newest.sequence + 1, now })
  const urls: string[] = []
  for (const { client, info } of live) {
    try {
      await putRecord(client, record, await publishTokens(key, info.peerId, now)(), { signal })
      urls.push(siteUrl(client.url, info, key.name))
    } catch (error) {
      signal?.throwIfAborted()
      failed.push(failedRelay(client, error))
    }
  }
  const [url] = urls
  if (url === undefined) throw noneLeft(failed)
  return { name: key.name, root: target.root, version: record.sequence, restored: target.version, url, warnings }
}

/** Most versions of one relay that are looked at, the newest: relays keep 10. */
const MAX_LISTED = 100

/** Reasons that trying again does not mend: no relay has it, or what they have is damaged. */
const GONE: ReadonlySet<string> = new Set(['missing', 'corrupt', 'invalid', 'unsupported'])

/** What may be the reason that a version can't be read, and what helps. */
const PERHAPS_OLD = 'It is damaged there, or the relay is of before this program and is to be upgraded'

/** A site's versions as the relays list them, and what tells which are its own. */
interface Site {
  readonly name: SiteName
  /** Of the newest record. */
  readonly root: string
  readonly versions: readonly HeldVersion[]
  readonly own: OwnVersions
}

interface Choice {
  readonly target: HeldVersion
  readonly warnings: readonly string[]
}

/** The newest version with content of before the content of now. */
async function stepBack({ name, root: now, versions, own }: Site): Promise<Choice> {
  const newest = await own.manifest(now)
  if (newest === undefined)
    throw unreadable(name, `What the newest version of ${name} holds can't be read from the relay. ${PERHAPS_OLD}`)
  const unknown = new Set<number>()
  const foreign = new Set<number>()
  let best: { readonly target: HeldVersion; readonly sequence: number } | undefined
  const candidates: HeldVersion[] = []
  for (const version of versions) {
    if (version.root === now) continue
    if (await own.isOwn(version)) candidates.push(version)
    else foreign.add(version.version)
  }
  for (const version of firstOfEach(candidates)) {
    // Content is at most as new as the version that it is held as.
    if (best !== undefined && best.sequence >= version.version) break
    const manifest = await own.manifest(version.root)
    if (manifest === undefined) unknown.add(version.version)
    else if (!manifest.retired && manifest.sequence < newest.sequence && manifest.sequence > (best?.sequence ?? 0))
      best = { target: version, sequence: manifest.sequence }
  }
  const passedOver = [
    ...(unknown.size === 0 ? [] : [`What the relay holds as ${numbers(unknown)} can't be read. ${PERHAPS_OLD}`]),
    ...(foreign.size === 0 ? [] : [`Nothing shows that ${numbers(foreign)} of the relay's list is yours`]),
  ]
  if (best !== undefined) return { target: best.target, warnings: passedOver.map((text) => `${text}: passed over`) }
  const content = `The content of ${name} is that of version ${String(newest.sequence)}; a version with content before it`
  if (passedOver.length === 0) throw new NotFoundError(content)
  throw unreadable(name, `${content} was not found. ${passedOver.join('. ')}`)
}

/** Each root's first version, the newest first: the number that people know the content by. */
function firstOfEach(versions: readonly HeldVersion[]): HeldVersion[] {
  const first = new Map<string, HeldVersion>()
  for (const version of versions.toSorted((a, b) => a.version - b.version))
    if (!first.has(version.root)) first.set(version.root, version)
  return [...first.values()].reverse()
}

/** The version that was named, if there is something to go back to. */
async function namedVersion({ name, root: now, versions, own }: Site, named: number): Promise<Choice> {
  const listed = versions.filter(({ version }) => version === named)
  if (listed.length === 0) throw new NotFoundError(`Version ${String(named)} of ${name}`)
  const which = `Version ${String(named)}`
  const refuse = (reason: 'conflict' | 'forbidden', what: string): BlackholeError =>
    new BlackholeError(reason, `${which} ${what}`, { subject: name })
  if (listed.every(({ root }) => root === now)) throw refuse('conflict', 'has the content of the newest one already')
  for (const target of listed) {
    if (target.root === now || !(await own.isOwn(target))) continue
    const manifest = await own.manifest(target.root)
    if (manifest?.retired === true) throw refuse('conflict', 'ended the site: it has no content to go back to')
    const warning = `What ${which.toLowerCase()} holds can't be read: whether it ended the site is not known. ${PERHAPS_OLD}`
    return { target, warnings: manifest === undefined ? [warning] : [] }
  }
  throw refuse(
    'forbidden',
    'is in the list of the relay, and nothing shows that it is yours: no record that you signed, and no version that ' +
      'yours come from. The relay is of before this program and is to be upgraded, or it lies; publish the content again',
  )
}

function unreadable(name: SiteName, message: string): BlackholeError {
  return new BlackholeError('unavailable', message, { subject: name })
}

function numbers(versions: ReadonlySet<number>): string {
  return `${versions.size === 1 ? 'version' : 'versions'} ${[...versions].join(', ')}`
}
