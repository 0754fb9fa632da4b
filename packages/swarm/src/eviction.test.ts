import { describe, expect, it } from 'vitest'
import { planEvictions } from './eviction.ts'
import type { EvictionCandidate, EvictionQueue } from './eviction.ts'

/** A block of ten bytes. */
const block = (cid: string, queue: EvictionQueue, place: number, uses = 0): EvictionCandidate => ({
  cid,
  size: 10,
  queue,
  place,
  uses,
})

const plan = (candidates: EvictionCandidate[], bytes: number, protect: string[] = []) => {
  const { evicted, ghosts, moved, nextPlace } = planEvictions(candidates, {
    protect: new Set(protect),
    bytes,
    nextPlace: 100,
  })
  const cids = (list: readonly EvictionCandidate[]): string => list.map(({ cid }) => cid).join(' ')
  return { evicted: cids(evicted), ghosts: cids(ghosts), moved, nextPlace }
}

describe('planEvictions', () => {
  it('takes new blocks that nobody used again, oldest first, and remembers them', () => {
    const candidates = [block('b', 'small', 2), block('a', 'small', 1), block('c', 'small', 3)]
    expect(plan(candidates, 11)).toEqual({ evicted: 'a b', ghosts: 'a b', moved: [], nextPlace: 100 })
    expect(plan(candidates, 0).evicted).toBe('')
  })

  it('moves what was used again on to the main queue, as if it were new there', () => {
    const found = plan([block('a', 'small', 1, 3), block('b', 'small', 2)], 10)
    expect(found).toEqual({ evicted: 'b', ghosts: 'b', moved: [block('a', 'main', 100)], nextPlace: 101 })
  })

  it('gives blocks of the main queue one round for each use, and forgets those that go', () => {
    const full = [...Array.from({ length: 9 }, (_, at) => block(`m${String(at)}`, 'main', at, at === 0 ? 2 : 0))]
    expect(plan(full, 20)).toEqual({
      evicted: 'm1 m2',
      ghosts: '',
      moved: [block('m0', 'main', 100, 1)],
      nextPlace: 101,
    })
  })

  it('leaves new blocks alone while they are less than a tenth, so that they have time to be used', () => {
    const main = Array.from({ length: 10 }, (_, at) => block(`m${String(at)}`, 'main', at))
    expect(plan([...main, block('new', 'small', 50)], 10).evicted).toBe('m0')
    expect(plan([...main, block('new', 'small', 50), block('newer', 'small', 51)], 10).evicted).toBe('new')
  })

  it('weighs bytes: a large block stands for many small ones', () => {
    const large = { ...block('large', 'small', 1), size: 500 }
    expect(plan([large, block('a', 'small', 2), block('b', 'small', 3)], 30).evicted).toBe('large')
  })

  it('leaves what is protected, in its place, and says so by giving less', () => {
    const candidates = [block('a', 'small', 1, 2), block('b', 'small', 2), block('c', 'main', 3)]
    expect(plan(candidates, 100, ['a'])).toEqual({ evicted: 'b c', ghosts: 'b', moved: [], nextPlace: 100 })
  })

  it('comes to an end when everything is popular', () => {
    const popular = Array.from({ length: 20 }, (_, at) => block(`p${String(at)}`, 'main', at, 3))
    const { evicted, moved } = plan(popular, 15)
    expect(evicted).toBe('p0 p1')
    expect(moved).toHaveLength(18)
  })
})
