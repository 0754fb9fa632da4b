import { MAX_AHEAD_PIECES } from '@blackhole/protocol'
import type { ComingPiece, LoadedMessage, Manifest } from '@blackhole/protocol'
import { fileSlices, findFile, isPlaylistPath } from '@blackhole/site'
import type { MediaPlaylist } from '@blackhole/site'
import { withinMs } from '../clock.ts'
import { isMedia } from './is-media.ts'
import { PlayRuns } from './play-runs.ts'
import type { Ask, PlayRun } from './play-runs.ts'
import { Playlists, indexIn } from './playlists.ts'
import type { PlaylistsComponents } from './playlists.ts'

/** What {@link LookAhead} works with. */
export interface LookAheadComponents extends PlaylistsComponents {
  /** Tells the page that hosts what comes next. */
  tell: (stream: string, pieces: readonly ComingPiece[]) => void
}

/** Bounds of what is looked at ahead of a player. */
export const AHEAD = Object.freeze({
  /** Film beyond what the player has asked for, at most. Players keep half a minute themselves, and many viewers leave early. */
  aheadMs: 30_000,
  /** So many times what the player has in hand already: who has just begun, or sought, needs the line for what is shown now. */
  perLead: 2,
  /** Bytes of it. */
  maxBytes: 16 * 1024 * 1024,
  /** The playlists are looked through for a segment for so long: the segment itself waits for that. */
  lookMs: 250,
  /** A player that has asked for nothing for so long has stopped. */
  idleMs: 60_000,
})

/** Segments of a page's first seconds that are looked up: more than a player loads while a worker starts. */
const MAX_LOADED = 64

/** A request for a file. */
export interface MediaRequest {
  readonly manifest: Manifest
  readonly clientId: string
  /** Path of the URL, percent-encoded. */
  readonly pathname: string
  /** First byte that is asked for. */
  readonly start: number
}

/**
 * Knows from playlists what players ask for next, and tells the page that hosts, so that it is there in time. A seek
 * or another quality moves the window; a broadcast's does with each version that has more of it.
 */
export class LookAhead {
  readonly #components: LookAheadComponents
  readonly #runs = new PlayRuns()
  /** Requests for segments of playlists that we did not know then: a page may have loaded those past us. */
  readonly #unplaced: (Omit<MediaRequest, 'manifest'> & { readonly at: number })[] = []
  readonly playlists: Playlists

  constructor(components: LookAheadComponents) {
    this.#components = components
    this.playlists = new Playlists(components)
  }

  /**
   * A file is asked for. Never rejects, and answers within {@link AHEAD}'s `lookMs`.
   *
   * @returns milliseconds within which a segment has to be here, so that nobody notices; undefined for what is none
   */
  async asked({ manifest, clientId, pathname, start }: MediaRequest): Promise<number | undefined> {
    const looking = this.playlists.find(manifest, pathname, start).catch(() => undefined)
    const found = await withinMs(this.#components.clock, AHEAD.lookMs, looking)
    const segment = found?.playlist.segments[found.index]
    const now = this.#components.clock.now()
    if (found === undefined || segment === undefined) {
      this.#unplaced.push({ clientId, pathname, start, at: now })
      if (this.#unplaced.length > MAX_LOADED) this.#unplaced.shift()
      return undefined
    }
    this.#place(clientId, found.path, found.playlist)
    const run = this.#runs.asked(clientId, found.path, segment, now)
    this.#tell(manifest, found.playlist, found.index, run)
    // The quality that was played before: its window is not needed any more.
    for (const other of this.#runs.of(clientId)) {
      if (other.id === run.id || now - other.askedAt < 2 * other.segment.durationS * 1000) continue
      this.#runs.forget(other)
      this.#components.tell(streamOf(other), [])
    }
    // A player takes a wait for a slow line: hls.js keeps to a quality while 0.95 of the line carries it.
    // Half of its buffer, since it may play faster than we think.
    return Math.min((run.neededAt - now) / 2, segment.durationS * 900)
  }

  /**
   * A page says what it loaded past the worker, and when: its player has that in hand too. Playlists among it must be in
   * the store by now. Never rejects.
   *
   * @param at - when the page said so
   */
  async loaded(manifest: Manifest, clientId: string, { urls, agesMs = [] }: LoadedMessage, at: number): Promise<void> {
    const past = urls.flatMap((url, index) => {
      const [pathname, ageMs] = [URL.parse(url)?.pathname ?? '', agesMs[index]]
      const file = ageMs === undefined ? undefined : findFile(manifest, pathname)
      return ageMs === undefined || file === undefined || !isMedia(file) ? [] : { pathname, start: 0, at: at - ageMs }
    })
    const asks: Ask[] = []
    const unplaced = this.#unplaced.filter((request) => request.clientId === clientId)
    for (const { pathname, start, at } of [...past.slice(-MAX_LOADED), ...unplaced]) {
      const found = await this.playlists.find(manifest, pathname, start).catch(() => undefined)
      const segment = found?.playlist.segments[found.index]
      if (found !== undefined && segment !== undefined) asks.push({ playlist: found.path, segment, at })
    }
    this.#runs.loaded(clientId, asks)
  }

  /** A file was answered that is one piece: it may be a playlist. */
  answered(path: string, cid: string, bytes: Uint8Array): void {
    if (isPlaylistPath(path)) this.playlists.learn(path, cid, bytes)
  }

  /** There is a newer version: broadcasts that are being watched may have gone on in it. Never rejects. */
  async moved(manifest: Manifest): Promise<void> {
    const now = this.#components.clock.now()
    for (const run of this.#runs.of()) {
      if (run.left || now - run.askedAt > AHEAD.idleMs) continue
      const playlist = await this.playlists.of(manifest, run.playlist, { fetch: true }).catch(() => undefined)
      if (playlist === undefined) continue
      this.#place(run.client, run.playlist, playlist)
      const latest = this.#runs.of(run.client).find((each) => each.playlist === run.playlist) ?? run
      const index = playlist.segments.findIndex(({ sequence }) => sequence === latest.segment.sequence)
      if (index >= 0) this.#tell(manifest, playlist, index, latest)
    }
  }

  /** Takes a client's requests that came before it was known that this playlist lists what they were for. */
  #place(clientId: string, path: string, playlist: MediaPlaylist): void {
    for (const request of this.#unplaced.filter((each) => each.clientId === clientId)) {
      const segment = playlist.segments[indexIn(playlist, request.pathname, request.start)]
      if (segment === undefined) continue
      this.#unplaced.splice(this.#unplaced.indexOf(request), 1)
      // What was asked for since counts.
      if (this.#runs.of(clientId).every(({ askedAt }) => askedAt <= request.at))
        this.#runs.asked(clientId, path, segment, request.at)
    }
  }

  #tell(manifest: Manifest, playlist: MediaPlaylist, index: number, run: PlayRun): void {
    this.#components.tell(
      streamOf(run),
      comingPieces(manifest, playlist, index, run.neededAt - this.#components.clock.now()),
    )
  }
}

/**
 * What comes after a segment, which is asked for now, in the order in which it is needed: as far as {@link AHEAD} goes.
 *
 * @param inMs - when that segment is needed
 */
export function comingPieces(
  manifest: Manifest,
  { segments }: MediaPlaylist,
  index: number,
  inMs: number,
): ComingPiece[] {
  const pieces = new Map<string, ComingPiece>()
  const [asked] = segments.slice(index, index + 1)
  // The one that follows next is always looked at.
  const aheadMs = Math.max(Math.min(AHEAD.aheadMs, AHEAD.perLead * inMs), (asked?.durationS ?? 0) * 1000)
  let bytes = 0
  let at = 0
  for (const segment of segments.slice(index, index + MAX_AHEAD_PIECES)) {
    const found = findFile(manifest, segment.pathname)
    if (found === undefined || at > aheadMs) break
    const { start = 0, end = found.file.size } = segment.range ?? {}
    bytes += end - start
    if (bytes > AHEAD.maxBytes) break
    for (const { cid } of fileSlices(found.file, start, end)) {
      const coming = { cid, inMs: Math.max(0, inMs + at) }
      if (pieces.size < MAX_AHEAD_PIECES && !pieces.has(cid))
        pieces.set(cid, segment === asked ? { ...coming, asked: true } : coming)
    }
    at += segment.durationS * 1000
  }
  return [...pieces.values()]
}

function streamOf({ client, id }: PlayRun): string {
  return `${client}:${String(id)}`.slice(-100)
}
