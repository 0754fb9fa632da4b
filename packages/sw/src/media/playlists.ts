import { piecesOf } from '@blackhole/protocol'
import type { Manifest } from '@blackhole/protocol'
import { isPlaylistPath, readMediaPlaylist } from '@blackhole/site'
import type { MediaPlaylist } from '@blackhole/site'
import { withinMs } from '../clock.ts'
import type { Clock } from '../clock.ts'

/** What {@link Playlists} work with. */
export interface PlaylistsComponents {
  /** For each CID, whether it is in this browser. */
  stored: (cids: readonly string[]) => Promise<boolean[]>
  /** One checked block, from wherever it is. */
  block: (cid: string, options: { readonly signal: AbortSignal }) => Promise<Uint8Array<ArrayBuffer>>
  readonly clock: Clock
  /** The origin of the site. */
  readonly origin: string
}

/** Where a segment stands. */
export interface FoundSegment {
  /** Path of its playlist in the site. */
  readonly path: string
  readonly playlist: MediaPlaylist
  /** Index among the playlist's segments. */
  readonly index: number
}

/** Playlists of a version that are looked at for a segment: each costs a look into the store. */
const MAX_PLAYLISTS = 64

/** A playlist is waited for so long: the player that asked for it, or for a segment, waits too, and goes on without. */
export const PLAYLIST_MS = 5_000

/** Playlists in memory: those of one version; a film has one per quality and language. */
const MAX_READ = MAX_PLAYLISTS

/**
 * The media playlists of a site. They are read as they are answered, or from the store, where the worker was ended
 * since: what a player has never asked for is not fetched to look into it.
 */
export class Playlists {
  readonly #components: PlaylistsComponents
  readonly #read = new Map<string, MediaPlaylist | undefined>()
  readonly #paths = new WeakMap<Manifest, string[]>()
  /** Where a segment was found last: the next one is likely there. */
  #recent: string | undefined

  constructor(components: PlaylistsComponents) {
    this.#components = components
  }

  /** A playlist was answered. */
  learn(path: string, cid: string, bytes: Uint8Array): MediaPlaylist | undefined {
    const playlist = readMediaPlaylist(bytes, new URL(pathnameOf(path), this.#components.origin))
    this.#read.delete(`${cid} ${path}`)
    this.#read.set(`${cid} ${path}`, playlist)
    const [oldest] = this.#read.keys()
    if (this.#read.size > MAX_READ && oldest !== undefined) this.#read.delete(oldest)
    return playlist
  }

  /**
   * A playlist of a version.
   *
   * @param init - `fetch`: get it from wherever it is, when it is not in this browser; default false
   * @returns undefined when it is not known, does not come within {@link PLAYLIST_MS}, or is no media playlist
   */
  async of(manifest: Manifest, path: string, { fetch = false } = {}): Promise<MediaPlaylist | undefined> {
    const file = Object.hasOwn(manifest.files, path) ? manifest.files[path] : undefined
    const [cid, ...more] = file === undefined ? [] : piecesOf(file)
    if (cid === undefined || more.length > 0) return undefined
    const key = `${cid} ${path}`
    if (this.#read.has(key)) {
      const known = this.#read.get(key)
      this.#read.delete(key)
      this.#read.set(key, known)
      return known
    }
    const over = new AbortController()
    try {
      const bytes = await withinMs(this.#components.clock, PLAYLIST_MS, this.#block(cid, fetch, over.signal))
      return bytes === undefined ? undefined : this.learn(path, cid, bytes)
    } finally {
      over.abort()
    }
  }

  /**
   * The playlist that lists a segment.
   *
   * @param pathname - of its URL, percent-encoded
   * @param start - first byte of it that was asked for
   */
  async find(manifest: Manifest, pathname: string, start: number): Promise<FoundSegment | undefined> {
    const recent = this.#recent
    const paths = this.#pathsOf(manifest)
    for (const path of recent === undefined ? paths : [recent, ...paths.filter((each) => each !== recent)]) {
      const playlist = await this.of(manifest, path).catch(() => undefined)
      const index = playlist === undefined ? -1 : indexIn(playlist, pathname, start)
      if (playlist === undefined || index < 0) continue
      this.#recent = path
      return { path, playlist, index }
    }
    return undefined
  }

  async #block(cid: string, fetch: boolean, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!fetch && (await this.#components.stored([cid]))[0] !== true) return undefined
    return await this.#components.block(cid, { signal })
  }

  #pathsOf(manifest: Manifest): string[] {
    const known = this.#paths.get(manifest)
    if (known !== undefined) return known
    const paths = Object.keys(manifest.files).filter(isPlaylistPath).slice(0, MAX_PLAYLISTS)
    this.#paths.set(manifest, paths)
    return paths
  }
}

/** Index of the segment that a request is for, by path and first byte; -1 when the playlist doesn't list it. */
export function indexIn({ segments }: MediaPlaylist, pathname: string, start: number): number {
  return segments.findIndex(
    ({ pathname: theirs, range }) =>
      theirs === pathname && (range === undefined || (range.start <= start && start < range.end)),
  )
}

function pathnameOf(path: string): string {
  return `/${path.split('/').map(encodeURIComponent).join('/')}`
}
