import { MAX_AHEAD_PIECES, PIECE_BYTES } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'
import { readMediaPlaylist } from '@blackhole/site'
import type { MediaPlaylist, MediaSegment } from '@blackhole/site'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { AHEAD, comingPieces } from '../../packages/sw/src/media/look-ahead.ts'
import { roundTrip } from '../harness/round-trip.ts'
import { textOf, utf8 } from '../harness/samples.ts'
import { BrokenPromise, promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'

const BASE = new URL('https://site.example/films/one/low.m3u8')

/** Longest segment that is believed: see `media-playlist.ts`. */
const MAX_DURATION_S = 60

/** What a player asks for: whoever makes the site writes its playlists. */
export function mediaTargets(): Target[] {
  return [playlist()]
}

const names = fc.constantFrom('/films/one/0.ts', '/films/one/1.ts', '/films/one/all.mp4', '/a%20b/%C3%BC.m4s', '/x')

const ranges = fc
  .tuple(fc.nat(3 * PIECE_BYTES), fc.integer({ min: 1, max: PIECE_BYTES }))
  .map(([start, length]) => ({ start, end: start + length }))

/** Playlists as they are read: their segments are numbered one after the other. */
const playlists: Arbitrary<MediaPlaylist> = fc
  .record({
    first: fc.nat(100_000),
    ended: fc.boolean(),
    parts: fc.array(fc.tuple(names, fc.integer({ min: 1, max: 60_000 }), fc.option(ranges)), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ first, ended, parts }) => ({
    ended,
    segments: parts.map(([pathname, ms, range], at) => ({
      pathname,
      durationS: ms / 1000,
      sequence: first + at,
      ...(range === null ? {} : { range }),
    })),
  }))

/** Playlists as nobody should write them: ranges that go on where the last one ended, without end. */
const lines = fc
  .array(
    fc.constantFrom(
      '#EXTINF:4,',
      '#EXTINF:4,\nall.mp4',
      '#EXTINF:4,\n#EXT-X-BYTERANGE:999999999999999\nall.mp4',
      '#EXTINF:4,\n#EXT-X-BYTERANGE:7@999999999999999\nall.mp4',
      '#EXT-X-MEDIA-SEQUENCE:999999999999999',
      '#EXT-X-ENDLIST',
    ),
    { maxLength: 40 },
  )
  .map((some) => utf8(['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...some].join('\n')))

function playlist(): Target {
  return {
    name: 'playlist',
    about: 'a media playlist of HTTP Live Streaming, and what is fetched ahead of its player',
    inputs: fc.oneof(playlists.map(written), lines),
    words: [
      '#EXTM3U\n',
      '#EXT-X-TARGETDURATION:4\n',
      '#EXTINF:4,\na\n',
      '#EXT-X-BYTERANGE:999999999999999\n',
      '@999999999999999',
      '#EXT-X-MEDIA-SEQUENCE:999999999999999\n',
      '#EXT-X-STREAM-INF:',
      'http://[',
      '//',
      '%',
      '%00',
      '../',
      '\r\n',
    ],
    roundTrip: roundTrip(playlists, written, (bytes) => {
      const read = readMediaPlaylist(bytes, BASE)
      if (read === undefined) throw new BrokenPromise('is read')
      return read
    }),
    decode: (input) => {
      const read = readMediaPlaylist(input, BASE)
      if (read === undefined) return textOf(input.subarray(0, 7)) === '#EXTM3U' ? 'no media' : 'none'
      for (const segment of read.segments) checkSegment(segment)
      const files = Object.fromEntries(read.segments.slice(0, 10).map(({ pathname }) => [pathname.slice(1), FILM]))
      let most = 0
      for (const index of [0, 1, read.segments.length - 1]) {
        const pieces = comingPieces({ ...MANIFEST, files }, read, index, 10_000)
        promised(pieces.length <= MAX_AHEAD_PIECES, 'lets at most so many pieces be fetched ahead')
        promised(
          pieces.every(
            ({ cid, inMs }) => cid !== '' && inMs >= 0 && inMs <= 10_000 + AHEAD.aheadMs + MAX_DURATION_S * 1000,
          ),
          'says sensible times',
        )
        most = Math.max(most, pieces.length)
      }
      const ranged = read.segments.some(({ range }) => range !== undefined)
      return `${read.ended ? 'film' : 'live'} ${String(Math.min(2, read.segments.length))} ${ranged ? 'parts' : ''} ${String(Math.min(3, most))}`
    },
  }
}

function checkSegment({ pathname, durationS, sequence, range }: MediaSegment): void {
  promised(pathname.startsWith('/'), 'has paths of its own origin')
  promised(durationS > 0 && durationS <= MAX_DURATION_S, 'has durations that are believed')
  promised(Number.isSafeInteger(sequence) && sequence >= 0, 'numbers its segments')
  if (range !== undefined)
    promised(
      Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end) && range.start < range.end,
      'has ranges of whole bytes',
    )
}

const CIDS = ['a', 'b', 'c', 'd'].map((letter) => `bafkrei${letter.repeat(52)}`)

const FILM: ManifestFile = { cid: 'bafybei', size: 4 * PIECE_BYTES, type: 'video/mp4', pieces: CIDS }

const MANIFEST = {
  version: 1,
  sequence: 1,
  previous: null,
  created: '2026-01-02T03:04:05.000Z',
  origins: [],
  documents: 'site',
  retired: false,
} as const

/** As publishers write it (RFC 8216, section 4.3). */
function written({ segments, ended }: MediaPlaylist): Uint8Array<ArrayBuffer> {
  return utf8(
    [
      '#EXTM3U',
      '#EXT-X-TARGETDURATION:60',
      `#EXT-X-MEDIA-SEQUENCE:${String(segments[0]?.sequence ?? 0)}`,
      ...segments.flatMap(({ pathname, durationS, range }) => [
        `#EXTINF:${String(durationS)},`,
        ...(range === undefined ? [] : [`#EXT-X-BYTERANGE:${String(range.end - range.start)}@${String(range.start)}`]),
        pathname,
      ]),
      ...(ended ? ['#EXT-X-ENDLIST'] : []),
      '',
    ].join('\n'),
  )
}
