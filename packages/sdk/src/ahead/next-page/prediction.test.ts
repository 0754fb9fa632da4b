import { PIECE_BYTES, type Manifest } from '@blackhole/protocol'
import { testManifest } from '@blackhole/testkit/manifest'
import { describe, expect, it } from 'vitest'
import { PageMemory } from './page-memory.ts'
import { PrefetchBudget } from './prefetch-budget.ts'
import { piecesWithin, predictPages } from './prediction.ts'

const page = (cid: string): Manifest['files'][string] => ({ cid, size: 1000, type: 'text/html; charset=utf-8' })
const manifest = testManifest({
  ...Object.fromEntries(
    ['index.html', 'a.html', 'b.html', 'c.html', 'd.html', 'e.html'].map((path) => [path, page(path)]),
  ),
  'film.mp4': { cid: 'film', size: PIECE_BYTES + 5, type: 'video/mp4', pieces: ['film-0', 'film-1'] },
})

const empty = PageMemory.parse(undefined)

describe('the next page', () => {
  it('is guessed by the links at first, the first of them first, pages of the site alone, and few', () => {
    const links = ['index.html', 'film.mp4', 'none.html', '__proto__', 'a.html', 'b.html', 'c.html', 'd.html', 'e.html']
    expect(predictPages('index.html', links, empty, manifest)).toEqual(['a.html', 'b.html', 'c.html', 'd.html'])
  })

  it('is the one that the visitor went to before, and most of all lately', () => {
    const memory = PageMemory.parse(undefined)
    for (let at = 0; at < 3; at++) memory.followed('index.html', 'e.html')
    for (let at = 0; at < 20; at++) memory.followed('index.html', 'd.html')
    expect(predictPages('index.html', ['a.html'], memory, manifest)).toEqual(['d.html', 'a.html', 'e.html'])
    expect(predictPages('a.html', [], memory, manifest)).toEqual([])
  })
})

describe('what is remembered', () => {
  it('is bounded, is read back, and anything else is left out', () => {
    const memory = PageMemory.parse(undefined)
    for (let at = 0; at < 1000; at++) {
      memory.followed('index.html', `next-${String(at)}.html`)
      memory.visited(
        `page-${String(at)}.html`,
        Array.from({ length: 500 }, (_, file) => `file-${String(file)}`),
      )
      memory.visited('x'.repeat(1000), [])
    }
    const text = memory.toString()
    expect(text.length).toBeLessThan(200_000)
    const again = PageMemory.parse(text)
    expect(again.toString()).toBe(text)
    expect(again.of('index.html')?.next.size).toBeLessThanOrEqual(16)
    expect(again.of('index.html')?.next.has('next-999.html')).toBe(true)
    expect(again.of('page-999.html')?.files).toHaveLength(64)
    expect(again.of('page-1.html')).toBeUndefined()
    for (const damaged of ['{', '7', '[[1,2,3]]', '[["a",[["b",-1],["c","x"]],[3]]]', 'x'.repeat(1e6)])
      expect(PageMemory.parse(damaged).of('a')?.next.size ?? 0).toBe(0)
  })
})

describe('what is fetched', () => {
  it('fits the bytes, file by file, and leaves out what is here', () => {
    const none = (): boolean => false
    expect(piecesWithin(manifest, ['film.mp4', 'a.html', 'a.html'], 2000, none)).toEqual({
      cids: ['a.html'],
      bytes: 1000,
    })
    expect(piecesWithin(manifest, ['film.mp4'], 10, (cid) => cid === 'film-0')).toEqual({ cids: ['film-1'], bytes: 5 })
    expect(piecesWithin(manifest, ['none'], 10, none)).toEqual({ cids: [], bytes: 0 })
  })

  it('is bounded for a page and for an hour, over reloads', async () => {
    const settings = new Map<string, unknown>()
    let now = 1_000_000
    const state = {
      setting: (name: string) => Promise.resolve(settings.get(name) as string | undefined),
      setSetting: (name: string, value: unknown) => Promise.resolve(void settings.set(name, value)),
    }
    const load = (): PrefetchBudget => new PrefetchBudget({ state, now: () => now }, { pageBytes: 100, hourBytes: 250 })
    for (const left of [100, 100, 50, 0]) {
      const budget = load()
      expect(await budget.left()).toBe(left)
      await budget.spend(left)
      expect(await budget.left()).toBe(0)
    }
    now += 60 * 60_000
    expect(await load().left()).toBe(100)
    settings.set('prefetched', '[1e99,"x"]')
    expect(await load().left()).toBe(100)
  })
})
