import { findFile, isPlaylistPath } from '@blackhole/site'
import type { SiteVersion } from '../version/site-version.ts'
import { isMedia } from './is-media.ts'
import type { Playlists } from './playlists.ts'

/**
 * A page keeps the version that it began with, but a playlist without an end says of itself that it changes, and that
 * it must be asked for again (RFC 8216, section 6.3.4): it, and segments that came later, are those of the newest version.
 *
 * @returns `playlist` for one that has a newer form, `segment` for a segment that is in the newest version only
 */
export async function partOfBroadcast(
  kept: SiteVersion,
  newest: SiteVersion,
  pathname: string,
  playlists: Pick<Playlists, 'of'>,
): Promise<'playlist' | 'segment' | undefined> {
  const now = kept.root === newest.root ? undefined : findFile(newest.manifest, pathname)
  if (now === undefined) return undefined
  const before = findFile(kept.manifest, pathname)
  if (before === undefined) return isMedia(now) ? 'segment' : undefined
  if (!isPlaylistPath(now.path) || before.file.cid === now.file.cid) return undefined
  const known = await playlists.of(kept.manifest, before.path).catch(() => undefined)
  // What the page began with may be gone from this browser, and from everywhere.
  const playlist = known ?? (await playlists.of(newest.manifest, now.path, { fetch: true }).catch(() => undefined))
  return playlist?.ended === false ? 'playlist' : undefined
}
