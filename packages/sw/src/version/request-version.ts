import { withinMs } from '../clock.ts'
import type { Clock } from '../clock.ts'
import type { WorkerConfig } from '../config.ts'
import type { SiteRequest } from '../handlers/handler.ts'
import { partOfBroadcast } from '../media/live-version.ts'
import type { Playlists } from '../media/playlists.ts'
import type { SiteVersion } from './site-version.ts'
import type { SiteVersions } from './site-versions.ts'

/** What {@link versionForRequest} works with. */
export interface RequestVersionComponents {
  readonly versions: SiteVersions
  readonly playlists: Pick<Playlists, 'of'>
  readonly clock: Clock
  /** Keeps the worker alive until the promise settles. */
  keepAlive: (work: Promise<unknown>) => void
  /** Whether the origin was redeployed without publishing. */
  isStale: (version: SiteVersion) => Promise<boolean>
}

/** A request that comes while the first version is being loaded waits so long for it, then goes to the network. */
export const BEGIN_WAIT_MS = 2_000

/**
 * The version that a request gets: a navigation the newest, a page's own the one that it began with, unless it is a
 * pull zone's or a part of a broadcast.
 *
 * @returns undefined when the request is left to the origin
 */
export async function versionForRequest(
  { versions, playlists, clock, keepAlive, isStale }: RequestVersionComponents,
  mode: WorkerConfig['mode'],
  request: SiteRequest,
): Promise<SiteVersion | undefined> {
  const { beginning, known } = versions
  // Storage was cleared under the worker: it begins anew, and this request goes to the network.
  if (known === false && beginning === undefined) keepAlive(versions.begin())
  if (known === false && beginning !== undefined) await withinMs(clock, BEGIN_WAIT_MS, beginning)
  const pinned = await pinnedVersion(versions, request)
  // After that: a navigation may have brought a newer one.
  const { current } = versions
  const version = await (async () => {
    if (pinned === undefined || current === undefined) return pinned
    // What is pulled grows while pages are open, and its origin answers for all of it: no page is bound to a version.
    if (current.manifest.pulled === true) return current
    const part = await partOfBroadcast(pinned, current, request.url.pathname, playlists)
    // With a tag the origin is there, and is the first to know how a broadcast goes on.
    if (part === 'playlist' && mode === 'tag') return undefined
    return part === undefined ? pinned : current
  })()
  if (mode === 'tag' && version !== undefined && (await isStale(version))) return undefined
  return version
}

async function pinnedVersion(
  versions: SiteVersions,
  { request, clientId, resultingClientId, navigates, preloaded }: SiteRequest,
): Promise<SiteVersion | undefined> {
  if (navigates && (clientId === '' || request.destination === 'document'))
    return await versions.forNavigation(resultingClientId, preloaded)
  if (resultingClientId === '') return await versions.forClient(clientId)
  return await versions.inherit(clientId, resultingClientId)
}
