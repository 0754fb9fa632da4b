import { describe, expect, it } from 'vitest'
import { chooseEvictions, evictionScore, POPULARITY_HALF_LIFE_MS } from './eviction.ts'

const NOW = 1_700_000_000_000

describe('evictionScore', () => {
  it('falls with age', () => {
    expect(evictionScore({ lastUsed: NOW, uses: 1 }, NOW)).toBeGreaterThan(
      evictionScore({ lastUsed: NOW - 1, uses: 1 }, NOW),
    )
  })

  it('gives a doubling of uses one half-life', () => {
    const popular = evictionScore({ lastUsed: NOW - POPULARITY_HALF_LIFE_MS, uses: 7 }, NOW)
    expect(popular).toBeCloseTo(evictionScore({ lastUsed: NOW, uses: 3 }, NOW))
  })

  it('keeps an order among very old blocks', () => {
    const year = 365 * POPULARITY_HALF_LIFE_MS
    expect(evictionScore({ lastUsed: NOW - year, uses: 0 }, NOW)).toBeGreaterThan(
      evictionScore({ lastUsed: NOW - year - 1000, uses: 0 }, NOW),
    )
  })

  it('is not fooled by a clock that went back, or by nonsense', () => {
    expect(evictionScore({ lastUsed: NOW + 1e9, uses: 0 }, NOW)).toBe(0)
    expect(evictionScore({ lastUsed: NOW, uses: -5 }, NOW)).toBe(0)
  })
})

describe('chooseEvictions', () => {
  const candidates = [
    { cid: 'new', size: 10, lastUsed: NOW, uses: 0 },
    { cid: 'old', size: 10, lastUsed: NOW - 3000, uses: 0 },
    { cid: 'older', size: 10, lastUsed: NOW - 5000, uses: 0 },
  ]

  it('takes the least valuable until enough is free', () => {
    expect(chooseEvictions(candidates, new Set(), 11, NOW).map(({ cid }) => cid)).toEqual(['older', 'old'])
    expect(chooseEvictions(candidates, new Set(), 0, NOW)).toEqual([])
  })

  it('leaves what is protected', () => {
    expect(chooseEvictions(candidates, new Set(['older']), 100, NOW).map(({ cid }) => cid)).toEqual(['old', 'new'])
  })
})
