import type Hls from 'hls.js'

/** How a film went so far, in the page at `globalThis.film`; times are in ms since 1970. */
export interface FilmLog {
  /** When the page was asked for, and when the first picture moved (0 before). */
  readonly openedAt: number
  readonly playingAt: number
  /** When the film, or the broadcast, was over; 0 before. */
  readonly endedAt: number
  /** When it stood still for want of bytes, and for how long. */
  readonly stalls: readonly (readonly [at: number, ms: number])[]
  /** Seconds of film that had been shown by when. */
  readonly played: readonly (readonly [at: number, seconds: number])[]
  /** When which quality began to be fetched. */
  readonly qualities: readonly (readonly [at: number, quality: number])[]
  /** Seconds of film that were fetched of each quality. */
  readonly fetchedS: Readonly<Record<number, number>>
  /** Bytes of segments that the player got. */
  readonly bytes: number
  /** What hls.js could not go on after. */
  readonly failures: readonly string[]
}

/**
 * Settings of `hls.js`: the half minute in hand that it keeps of films of usual size. Of one as small as the laboratory's it would
 * load 60 MB ahead, which is all of it at once.
 */
export const PLAYER = Object.freeze({ maxBufferLength: 30, maxMaxBufferLength: 30 })

const SAMPLE_MS = 500

/** Watches a player and keeps the log at `globalThis.film`. */
export function recordFilm(Player: typeof Hls, hls: Hls, video: HTMLVideoElement): void {
  const stalls: [number, number][] = []
  const played: [number, number][] = []
  const qualities: [number, number][] = []
  const fetchedS: Record<number, number> = {}
  const failures: string[] = []
  let [playingAt, endedAt, bytes, stalledAt] = [0, 0, 0, 0]
  video.addEventListener('playing', () => {
    if (playingAt === 0) playingAt = now()
    if (stalledAt > 0) stalls.push([stalledAt, now() - stalledAt])
    stalledAt = 0
  })
  video.addEventListener('waiting', () => {
    if (playingAt > 0 && stalledAt === 0) stalledAt = now()
  })
  video.addEventListener('ended', () => {
    endedAt = now()
    stalledAt = 0
  })
  hls.on(Player.Events.FRAG_LOADED, (_, { frag, payload }) => {
    bytes += payload.byteLength
    fetchedS[frag.level] = (fetchedS[frag.level] ?? 0) + frag.duration
    if (qualities.at(-1)?.[1] !== frag.level) qualities.push([now(), frag.level])
  })
  hls.on(Player.Events.ERROR, (_, { fatal, type, details }) => {
    if (fatal) failures.push(`${type}: ${details}`)
  })
  const begin = video.currentTime
  setInterval(() => {
    if (playingAt > 0 && endedAt === 0) played.push([now(), video.currentTime - begin])
  }, SAMPLE_MS)
  Object.defineProperty(globalThis, 'film', {
    get: (): FilmLog => ({
      openedAt: performance.timeOrigin,
      playingAt,
      endedAt,
      // One that is not over counts up to now.
      stalls: stalledAt > 0 ? [...stalls, [stalledAt, now() - stalledAt]] : stalls,
      played,
      qualities,
      fetchedS,
      bytes,
      failures,
    }),
  })
}

/** The picture of the page. */
export function screen(): HTMLVideoElement {
  const video = document.createElement('video')
  // Without sound a page may begin by itself.
  video.muted = true
  video.autoplay = true
  document.body.append(video)
  return video
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
