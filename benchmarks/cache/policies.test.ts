import { describe, expect, it } from 'vitest'
import { POLICIES } from './cache.ts'
import { FrequencySketch } from './policies/frequency-sketch.ts'
import { Lfu } from './policies/lfu.ts'
import { Lru } from './policies/lru.ts'
import { S3Fifo } from './policies/s3-fifo.ts'
import { WTinyLfu } from './policies/w-tiny-lfu.ts'
import { Trace } from './trace.ts'
import type { CachePolicy } from './policies/policy.ts'
import type { SiteModel } from './site-model.ts'

/** Asks for blocks of one byte, named by letters; an upper-case letter in the result is a hit. */
function play(cache: CachePolicy, keys: string): string {
  return Array.from(keys)
    .map((key, at) => (cache.request({ key: key.charCodeAt(0), size: 1, at }) ? key.toUpperCase() : key))
    .join('')
}

describe('worked examples', () => {
  it('LRU: a use makes a block the last to go', () => {
    expect(play(new Lru(3), 'abcadbac')).toBe('abcAdbAc')
  })

  it('LFU: the least used goes, of equals the older', () => {
    expect(play(new Lfu(3), 'aabbcdcab')).toBe('aAbBcdcAB')
  })

  it('S3-FIFO: what was used twice while small moves to main; one use is not enough (Algorithm 1, EVICTS)', () => {
    const cache = new S3Fifo(3)
    expect(play(cache, 'aaabbc')).toBe('aAAbBc')
    // d pushes out b, that was used again once only; a moved on.
    expect(play(cache, 'dab')).toBe('dAb')
  })

  it('S3-FIFO: a block that returns while it is a ghost goes straight to main', () => {
    const cache = new S3Fifo(10)
    // k pushes a out, which returns at the cost of b; then ten strangers pass through the small queue.
    expect(play(cache, 'abcdefghijka')).toBe('abcdefghijka')
    expect(play(cache, 'lmnopqrstua')).toBe('lmnopqrstuA')
  })

  it('S3-FIFO: strangers seen once leave through the small queue', () => {
    const cache = new S3Fifo(10)
    play(cache, 'aaabbbccc')
    play(cache, 'defghijklmnopqrstuvwxyz')
    expect(play(cache, 'abc')).toBe('ABC')
  })

  it('W-TinyLFU: a stranger does not push out what is asked for more often', () => {
    const tiny = new WTinyLfu(100)
    const lru = new Lru(100)
    const popular = String.fromCharCode(...Array.from({ length: 90 }, (_, at) => 0x100 + at))
    const strangers = String.fromCharCode(...Array.from({ length: 300 }, (_, at) => 0x1000 + at))
    for (const cache of [tiny, lru]) play(cache, popular + popular + popular + strangers)
    const hits = (cache: CachePolicy): number =>
      Array.from(popular).filter((key) => cache.request({ key: key.charCodeAt(0), size: 1, at: 0 })).length
    expect(hits(lru)).toBe(0)
    // Not all: in a sketch for so few blocks some share their counters with strangers.
    expect(hits(tiny)).toBeGreaterThan(70)
  })

  it('the sketch counts to 15, never too few, and halves in time', () => {
    const sketch = new FrequencySketch(64)
    for (let use = 0; use < 20; use += 1) sketch.increment(7)
    expect(sketch.estimate(7)).toBe(15)
    for (let use = 0; use < 620; use += 1) sketch.increment(8)
    expect(sketch.estimate(7)).toBe(7)
  })
})

const SMALL: SiteModel = {
  name: 'small',
  sizes: [1000, 2_500_000, 300],
  pages: [
    [0, 1],
    [2, 1],
  ],
}

describe.each(Object.entries(POLICIES))('%s', (_name, make) => {
  it('counts what it holds right, and never holds more than it may', () => {
    const { requests, footprint } = new Trace([SMALL], { visits: 300, sites: 20 })
    const cache = make(footprint / 10)
    let wrong = 0
    for (const request of requests) {
      cache.request(request)
      if (cache.bytes > footprint / 10) wrong += 1
    }
    expect(wrong).toBe(0)
    expect(cache.bytes).toBeGreaterThan(0)
  })

  it('refuses what is larger than all of it', () => {
    const cache = make(10)
    expect([1, 2].map((at) => cache.request({ key: 1, size: 11, at }))).toEqual([false, false])
    expect(cache.bytes).toBe(0)
  })
})

describe('Trace', () => {
  it('is the same for the same seed, and another for another', () => {
    const requests = (seed: number) => new Trace([SMALL], { visits: 200, seed }).requests
    expect(requests(5)).toEqual(requests(5))
    expect(requests(5)).not.toEqual(requests(6))
  })

  it('splits files into pieces, changes versions, and has visits that nobody repeats', () => {
    const still = new Trace([SMALL], { visits: 500, sites: 1, oneHitShare: 0, versionDays: 1e9 })
    // 1000 + three pieces of 2.5 MB + 300.
    expect(still.pieces).toBe(5)
    const changing = new Trace([SMALL], { visits: 500, sites: 1, oneHitShare: 0, versionDays: 1 })
    expect(changing.pieces).toBeGreaterThan(8)
    expect(new Trace([SMALL], { visits: 500, sites: 1, versionDays: 1e9 }).oneHitWonders).toBeGreaterThan(0.1)
  })
})
