import { describe, expect, it } from 'vitest'
import { MAX_PLAYLIST_BYTES, MAX_SEGMENTS, isPlaylistPath, readMediaPlaylist } from './media-playlist.ts'

const BASE = new URL('https://site.example/films/one/low.m3u8')

function read(text: string): ReturnType<typeof readMediaPlaylist> {
  return readMediaPlaylist(new TextEncoder().encode(text), BASE)
}

describe('a playlist of RFC 8216, section 8', () => {
  it('simple media playlist: what is played, for how long, and that it is over', () => {
    const playlist = read(
      '#EXTM3U\n#EXT-X-TARGETDURATION:10\n\n#EXTINF:9.009,\nfirst.ts\n#EXTINF:9.009,\n/second.ts\n' +
        '#EXTINF:3.003,\nhttps://site.example/a%20b/third.ts?q=1\n#EXT-X-ENDLIST\n',
    )
    expect(playlist).toEqual({
      ended: true,
      segments: [
        { pathname: '/films/one/first.ts', durationS: 9.009, sequence: 0 },
        { pathname: '/second.ts', durationS: 9.009, sequence: 1 },
        { pathname: '/a%20b/third.ts', durationS: 3.003, sequence: 2 },
      ],
    })
  })

  it('live media playlist: its first segment has a number, and more will come', () => {
    const playlist = read(
      '#EXTM3U\r\n#EXT-X-VERSION:3\r\n#EXT-X-TARGETDURATION:8\r\n#EXT-X-MEDIA-SEQUENCE:2680\r\n\r\n' +
        '#EXTINF:7.975,\r\nfileSequence2680.ts\r\n#EXT-X-DISCONTINUITY\r\n#EXTINF:7.941,title\r\nfileSequence2681.ts\r\n',
    )
    expect(playlist?.ended).toBe(false)
    expect(playlist?.segments.map(({ sequence, durationS }) => [sequence, durationS])).toEqual([
      [2680, 7.975],
      [2681, 7.941],
    ])
  })

  it('a list of qualities is none', () => {
    expect(read('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1280000\nlow.m3u8\n')).toBeUndefined()
  })
})

it('segments that are parts of one file', () => {
  const playlist = read(
    '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n#EXT-X-BYTERANGE:100@50\nall.mp4\n' +
      '#EXTINF:4,\n#EXT-X-BYTERANGE:70\nall.mp4\n',
  )
  expect(playlist?.segments.map(({ range }) => range)).toEqual([
    { start: 50, end: 150 },
    { start: 150, end: 220 },
  ])
})

it('what is wrong is left out, and what is too much is not read', () => {
  expect(read('')).toBeUndefined()
  expect(read('<html>')).toBeUndefined()
  expect(read('#EXTM3U\n#EXT-X-TARGETDURATION:4\n')).toEqual({ ended: false, segments: [] })
  const odd = read(
    '#EXTM3U\n#EXT-X-TARGETDURATION:x\n#EXT-X-MEDIA-SEQUENCE:-1\n#EXTINF:1e9,\nlong.ts\n#EXTINF:,\nnone.ts\n' +
      '#EXTINF:4,\nhttps://other.example/x.ts\n#EXTINF:4,\nhttp://[\nuntimed.ts\n',
  )
  // Both durations are what is assumed; the number of what is left out is kept.
  expect(odd?.segments.map(({ pathname, durationS }) => [pathname, durationS])).toEqual([
    ['/films/one/long.ts', 6],
    ['/films/one/none.ts', 6],
  ])
  const endless = read(
    `#EXTM3U\n#EXT-X-TARGETDURATION:4\n${'#EXTINF:4,\n#EXT-X-BYTERANGE:999999999999999\na\n'.repeat(12)}`,
  )
  expect(endless?.segments.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(endless?.segments.every(({ range }) => Number.isSafeInteger(range?.end))).toBe(true)
  const many = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n${'#EXTINF:4,\na\n'.repeat(MAX_SEGMENTS + 5)}`
  expect(read(many)?.segments).toHaveLength(MAX_SEGMENTS)
  expect(read(`#EXTM3U\n#EXT-X-TARGETDURATION:4\n${'\n'.repeat(MAX_PLAYLIST_BYTES)}`)).toBeUndefined()
})

it('is known by its name', () => {
  expect(['a/b.m3u8', 'b.M3U'].map(isPlaylistPath)).toEqual([true, true])
  expect(['b.m3u8.html', 'm3u8'].map(isPlaylistPath)).toEqual([false, false])
})
