import { MAX_AHEAD_PIECES } from '@blackhole/protocol'
import type { ComingPiece, Manifest } from '@blackhole/protocol'
import { testManifest } from '@blackhole/testkit/manifest'
import { expect, it } from 'vitest'
import { partOfBroadcast } from './live-version.ts'
import { AHEAD, LookAhead } from './look-ahead.ts'
import { PLAYLIST_MS } from './playlists.ts'

const SIZE = 500_000

/** A playlist of segments `s1.ts`, `s2.ts` and so on. */
function playlist(segments: readonly number[], { ended = true } = {}): string {
  const lines = segments.map((segment) => `#EXTINF:4,\ns${String(segment)}.ts`)
  const head = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:${String(segments[0] ?? 0)}`
  return [head, ...lines, ...(ended ? ['#EXT-X-ENDLIST'] : [])].join('\n')
}

/** A site: playlists by path, with the segments that they list. */
class Site {
  readonly files: Manifest['files']
  readonly texts = new Map<string, string>()
  readonly stored = new Set<string>()
  readonly fetched: string[] = []
  /** Blocks never come. */
  silent = false

  constructor(playlists: Readonly<Record<string, string>>, segments: readonly string[]) {
    const entries = segments.map((path) => [path, { cid: path, size: SIZE, type: 'video/mp2t' }] as const)
    const lists = Object.entries(playlists).map(([path, text]) => {
      const cid = `${path} ${String(text.length)} ${text.slice(-40)}`
      this.texts.set(cid, text)
      return [path, { cid, size: text.length, type: 'application/vnd.apple.mpegurl' }] as const
    })
    this.files = Object.fromEntries([...entries, ...lists])
  }

  get manifest(): Manifest {
    return testManifest(this.files)
  }

  /** The player has got a playlist. */
  answer(ahead: LookAhead, path: string): void {
    const cid = this.files[path]?.cid ?? ''
    ahead.answered(path, cid, new TextEncoder().encode(this.texts.get(cid)))
  }
}

function looking(site: () => Site): {
  ahead: LookAhead
  told: [string, readonly ComingPiece[]][]
  ask: (pathname: string) => Promise<number | undefined>
  clock: { now: number }
  /** Lets the time pass that is waited for. */
  pass: (ms: number) => void
} {
  const told: [string, readonly ComingPiece[]][] = []
  const clock = { now: 1000 }
  const sleeps: { ms: number; resolve: () => void }[] = []
  const pass = (ms: number): void => {
    for (const sleep of sleeps.splice(0)) if (sleep.ms <= ms) sleep.resolve()
  }
  const ahead = new LookAhead({
    clock: { now: () => clock.now, sleep: (ms) => new Promise((resolve) => sleeps.push({ ms, resolve })) },
    tell: (stream, pieces) => told.push([stream, pieces]),
    stored: (cids) => Promise.resolve(cids.map((cid) => site().stored.has(cid))),
    block: (cid, { signal }) => {
      site().fetched.push(cid)
      if (site().silent)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))))
      return Promise.resolve(new TextEncoder().encode(site().texts.get(cid)))
    },
    origin: 'https://site.example',
  })
  const ask = (pathname: string): Promise<number | undefined> =>
    ahead.asked({ manifest: site().manifest, clientId: 'tab', pathname, start: 0 })
  return { ahead, told, ask, clock, pass }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)
/** Without the one that the player asks for itself. */
const cidsOf = (pieces: readonly ComingPiece[] | undefined): string[] =>
  (pieces ?? []).filter(({ asked }) => asked !== true).map(({ cid }) => cid)

it('a player that begins is told of the next segment; the more it has in hand, the further is looked', async () => {
  const site = new Site(
    { 'film/low.m3u8': playlist(range(0, 50)) },
    range(0, 50).map((at) => `film/s${String(at)}.ts`),
  )
  const { ahead, told, ask, clock } = looking(() => site)
  site.answer(ahead, 'film/low.m3u8')
  expect(await ask('/film/s0.ts')).toBe(0)
  const first = { cid: 'film/s0.ts', inMs: 0, asked: true }
  expect(told).toEqual([['tab:1', [first, { cid: 'film/s1.ts', inMs: 4000 }]]])
  clock.now += 500
  // It needs this one in 3.5 s: half of that may pass, and three quarters of a segment at most.
  expect(await ask('/film/s1.ts')).toBe(1750)
  expect(await ask('/film/s2.ts')).toBe(3600)
  expect(told.at(-1)?.[1].slice(1)).toEqual(
    [3, 4, 5].map((at) => ({ cid: `film/s${String(at)}.ts`, inMs: at * 4000 - 500 })),
  )
  for (const at of range(3, 12)) await ask(`/film/s${String(at)}.ts`)
  // What begins within half a minute, at most.
  expect(cidsOf(told.at(-1)?.[1])).toEqual(range(12, 19).map((at) => `film/s${String(at)}.ts`))
  expect(site.fetched).toEqual([])
})

it('a seek and another quality move the window; the one before is given up when nothing more is asked of it', async () => {
  const segments = range(0, 50).flatMap((at) => [`low/s${String(at)}.ts`, `high/s${String(at)}.ts`])
  const list = playlist(range(0, 50))
  const site = new Site({ 'high/list.m3u8': `${list}\n`, 'low/list.m3u8': list }, segments)
  const { ahead, told, ask, clock } = looking(() => site)
  site.answer(ahead, 'low/list.m3u8')
  site.answer(ahead, 'high/list.m3u8')
  await ask('/low/s0.ts')
  await ask('/low/s1.ts')
  expect(await ask('/low/s30.ts')).toBe(0)
  expect(cidsOf(told.at(-1)?.[1])).toEqual(['low/s31.ts'])
  clock.now += 1000
  expect(await ask('/high/s31.ts')).toBe(1500)
  expect(told.at(-1)?.[0]).toBe('tab:2')
  expect(cidsOf(told.at(-1)?.[1])).toEqual(['high/s32.ts'])
  clock.now += 8000
  await ask('/high/s32.ts')
  expect(told.at(-1)).toEqual(['tab:1', []])
  // That is said once.
  told.length = 0
  await ask('/high/s33.ts')
  expect(told.map(([stream]) => stream)).toEqual(['tab:2'])
})

it('a worker that was ended finds the playlist in the store, and fetches none', async () => {
  const segments = range(0, 9).map((at) => `film/s${String(at)}.ts`)
  const site = new Site({ 'a.m3u8': playlist([1]), 'film/low.m3u8': playlist(range(0, 9)) }, segments)
  const { told, ask } = looking(() => site)
  expect(await ask('/film/s0.ts')).toBeUndefined()
  expect([site.fetched, told]).toEqual([[], []])
  site.stored.add(site.files['film/low.m3u8']?.cid ?? '')
  expect(await ask('/film/s0.ts')).toBe(0)
  expect(site.fetched).toEqual([site.files['film/low.m3u8']?.cid])
})

it('no more is looked ahead than a visitor can be asked to load, however many seconds that is', async () => {
  const site = new Site(
    { 'low.m3u8': playlist(range(0, 20)) },
    range(0, 20).map((at) => `s${String(at)}.ts`),
  )
  for (const file of Object.values(site.files)) if (file.size === SIZE) Object.assign(file, { size: 6_000_000 })
  const { ahead, told, ask } = looking(() => site)
  site.answer(ahead, 'low.m3u8')
  for (const at of range(0, 11)) await ask(`/s${String(at)}.ts`)
  // 18 MB would be too much.
  expect(cidsOf(told.at(-1)?.[1])).toEqual(['s11.ts'])
})

it('neither a store nor a network that says nothing holds a segment or a playlist back', async () => {
  const site = new Site({ 'low.m3u8': playlist(range(0, 3), { ended: false }) }, ['s0.ts', 's1.ts'])
  const { ahead, told, ask, pass } = looking(() => site)
  site.silent = true
  site.stored.add(site.files['low.m3u8']?.cid ?? '')
  const asked = ask('/s0.ts')
  await Promise.resolve()
  pass(AHEAD.lookMs)
  expect(await asked).toBeUndefined()
  const fetched = ahead.playlists.of(site.manifest, 'low.m3u8', { fetch: true })
  pass(PLAYLIST_MS)
  expect(await fetched).toBeUndefined()
  expect(told).toEqual([])
})

it('a playlist of tiny or of missing segments makes no endless window', async () => {
  const tiny = playlist(range(0, 500)).replaceAll('EXTINF:4', 'EXTINF:0.01')
  const site = new Site(
    { 'low.m3u8': tiny },
    range(0, 400).map((at) => `s${String(at)}.ts`),
  )
  for (const file of Object.values(site.files)) if (file.size === SIZE) Object.assign(file, { size: 1000 })
  const { ahead, told, ask } = looking(() => site)
  site.answer(ahead, 'low.m3u8')
  for (const at of range(0, 300)) await ask(`/s${String(at)}.ts`)
  expect(told.at(-1)?.[1]).toHaveLength(MAX_AHEAD_PIECES)
  for (const at of range(300, 399)) await ask(`/s${String(at)}.ts`)
  // What is listed and not there.
  expect(cidsOf(told.at(-1)?.[1])).toEqual(['s399.ts'])
})

it('what a newer version adds to a broadcast is told before the player has asked for the playlist', async () => {
  const segments = (to: number): string[] => range(0, to).map((at) => `s${String(at)}.ts`)
  const first = new Site({ 'low.m3u8': playlist(range(0, 3), { ended: false }) }, segments(3))
  const next = new Site({ 'low.m3u8': playlist(range(1, 4), { ended: false }) }, segments(4))
  let site = first
  const { ahead, told, ask, clock } = looking(() => site)
  site.answer(ahead, 'low.m3u8')
  for (const at of range(0, 3)) await ask(`/s${String(at)}.ts`)
  expect(cidsOf(told.at(-1)?.[1])).toEqual([])
  site = next
  clock.now += 2000
  await ahead.moved(site.manifest)
  const asked = { cid: 's2.ts', inMs: 6000, asked: true }
  expect(told.at(-1)).toEqual(['tab:1', [asked, { cid: 's3.ts', inMs: 10_000 }]])
  // A player that stopped is not followed.
  clock.now += 100_000
  told.length = 0
  await ahead.moved(site.manifest)
  expect(told).toEqual([])
})

it('the quality that was played before is not followed into newer versions', async () => {
  const segments = range(0, 9).flatMap((at) => [`low/s${String(at)}.ts`, `high/s${String(at)}.ts`])
  const list = playlist(range(0, 5), { ended: false })
  const site = new Site({ 'high/list.m3u8': `${list}\n`, 'low/list.m3u8': list }, segments)
  const { ahead, told, ask } = looking(() => site)
  site.answer(ahead, 'low/list.m3u8')
  site.answer(ahead, 'high/list.m3u8')
  await ask('/low/s1.ts')
  await ask('/high/s2.ts')
  told.length = 0
  await ahead.moved(site.manifest)
  expect(told.map(([stream]) => stream)).toEqual(['tab:2'])
})

it('a player has in hand what its page loaded past the worker', async () => {
  const site = new Site({ 'low.m3u8': playlist(range(0, 9)) }, [
    ...range(0, 9).map((at) => `s${String(at)}.ts`),
    'ad.ts',
  ])
  const { ahead, ask, told } = looking(() => site)
  site.answer(ahead, 'low.m3u8')
  expect(await ask('/s2.ts')).toBe(0)
  const urls = ['', 'page.js', 'ad.ts', 's0.ts', 's1.ts', 's8.ts'].map((path) => `https://site.example/${path}`)
  // Without a time nothing is believed; what is told too late is no news.
  await ahead.loaded(site.manifest, 'tab', { type: 'loaded', urls, agesMs: [900, 800, 700, 600, 300] }, 1100)
  expect(await ask('/s3.ts')).toBe(3600)
  expect(told.at(-1)?.[1][0]).toEqual({ cid: 's3.ts', inMs: 500 + 12_000 - 1000, asked: true })
})

it('places what was asked for before its playlist was known, once that is', async () => {
  const site = new Site(
    { 'low.m3u8': playlist(range(0, 9)) },
    range(0, 9).map((at) => `s${String(at)}.ts`),
  )
  const { ahead, ask } = looking(() => site)
  expect(await ask('/s2.ts')).toBeUndefined()
  site.answer(ahead, 'low.m3u8')
  const urls = ['https://site.example/s0.ts', 'https://site.example/s1.ts']
  await ahead.loaded(site.manifest, 'tab', { type: 'loaded', urls, agesMs: [600, 300] }, 1100)
  expect(await ask('/s3.ts')).toBe(3600)
})

it('a broadcast that the player knows more of than we do is placed when we do, and in order', async () => {
  const segments = (to: number): string[] => range(0, to).map((at) => `s${String(at)}.ts`)
  const first = new Site({ 'low.m3u8': playlist(range(0, 3), { ended: false }) }, segments(9))
  const next = new Site({ 'low.m3u8': playlist(range(1, 5), { ended: false }) }, segments(9))
  const last = new Site({ 'low.m3u8': playlist(range(2, 6), { ended: false }) }, segments(9))
  let site = first
  const { ahead, told, ask } = looking(() => site)
  site.answer(ahead, 'low.m3u8')
  for (const at of range(1, 3)) await ask(`/s${String(at)}.ts`)
  expect(await ask('/s3.ts')).toBeUndefined()
  site = next
  await ahead.moved(site.manifest)
  const asked = { cid: 's3.ts', inMs: 8000, asked: true }
  expect(told.at(-1)).toEqual(['tab:1', [asked, { cid: 's4.ts', inMs: 12_000 }]])
  expect(await ask('/s4.ts')).toBe(3600)
  // This one is asked for again before it is known.
  expect(await ask('/s5.ts')).toBeUndefined()
  expect(await ask('/s4.ts')).toBe(3600)
  site = last
  site.answer(ahead, 'low.m3u8')
  await ask('/s4.ts')
  expect(told.at(-1)?.[1]).toEqual([
    { cid: 's4.ts', inMs: 12_000, asked: true },
    { cid: 's5.ts', inMs: 16_000 },
  ])
})

it('a page that keeps its version gets a broadcast from the newest: playlists without an end, and new segments', async () => {
  const live = { ended: false }
  const before = new Site({ 'film.m3u8': playlist([0]), 'low.m3u8': playlist([0], live) }, ['s0.ts', 'poster.ts'])
  const after = new Site({ 'film.m3u8': playlist([0, 1]), 'low.m3u8': playlist([0, 1], live) }, ['s0.ts', 's1.ts'])
  Object.assign(after.files, { 'new.html': { cid: 'new', size: 10, type: 'text/html' } })
  const { ahead } = looking(() => after)
  const version = (root: string, { manifest }: Site): Parameters<typeof partOfBroadcast>[0] => ({
    root,
    manifest,
    rules: { redirects: [], headers: [] },
  })
  const [kept, newest] = [version('one', before), version('two', after)]
  const part = (pathname: string): ReturnType<typeof partOfBroadcast> =>
    partOfBroadcast(kept, newest, pathname, ahead.playlists)
  before.answer(ahead, 'film.m3u8')
  before.answer(ahead, 'low.m3u8')
  expect(await part('/low.m3u8')).toBe('playlist')
  expect(await part('/s1.ts')).toBe('segment')
  // A film that was over is the page's own; so is all that is no film.
  expect(await part('/film.m3u8')).toBeUndefined()
  expect(await part('/s0.ts')).toBeUndefined()
  expect(await part('/new.html')).toBeUndefined()
  expect(await part('/poster.ts')).toBeUndefined()
  expect(await partOfBroadcast(kept, kept, '/low.m3u8', ahead.playlists)).toBeUndefined()
})
