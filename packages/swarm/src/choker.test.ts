import { describe, expect, it } from 'vitest'
import { chokeRound, OPTIMISTIC_INTERVAL_MS } from './choker.ts'
import type { ChokeCandidate, ChokeState } from './choker.ts'

const NONE: ChokeState = { optimistic: undefined, optimisticSince: 0 }

function candidate(peer: string, rates: Partial<ChokeCandidate> = {}): ChokeCandidate {
  return { peer, interested: true, receivedRate: 0, sentRate: 0, newcomer: false, ...rates }
}

const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((peer, at) => candidate(peer, { receivedRate: at * 100 }))

describe('chokeRound', () => {
  it('chokes nobody while there are slots for all that ask', () => {
    const idle = Array.from({ length: 10 }, (_, at) => candidate(`idle${String(at)}`, { interested: false }))
    const { unchoked } = chokeRound([...six.slice(0, 4), ...idle], 4, NONE, 0, () => 0)
    expect(unchoked.size).toBe(14)
  })

  it('gives the slots to those that give most, and one at random', () => {
    const { unchoked, optimistic } = chokeRound(six, 4, NONE, 1000, () => 0)
    expect([...unchoked].toSorted()).toEqual(['a', 'd', 'e', 'f'])
    expect(optimistic).toBe('a')
  })

  it('keeps the optimistic slot for 30 s, then gives it to another', () => {
    const first = chokeRound(six, 4, NONE, 1000, () => 0)
    const second = chokeRound(six, 4, first, 1000 + OPTIMISTIC_INTERVAL_MS - 1, () => 0.99)
    expect(second.optimistic).toBe('a')
    expect(second.optimisticSince).toBe(1000)
    const third = chokeRound(six, 4, second, 1000 + OPTIMISTIC_INTERVAL_MS, () => 0.99)
    expect(third.optimistic).toBe('c')
  })

  it('draws another when the optimistic one has left or asks for nothing', () => {
    const state = { optimistic: 'gone', optimisticSince: 1000 }
    expect(chokeRound(six, 4, state, 2000, () => 0.99).optimistic).toBe('c')
  })

  it('makes newcomers three times as likely', () => {
    const strangers = [candidate('old'), candidate('new', { newcomer: true })]
    const drawn = { old: 0, new: 0 }
    for (let at = 0; at < 400; at += 1) {
      const { optimistic } = chokeRound(strangers, 1, NONE, 1000, () => at / 400)
      drawn[optimistic as 'old' | 'new'] += 1
    }
    expect(drawn).toEqual({ old: 100, new: 300 })
  })

  it('orders those that give nothing by what they take, as seeds do', () => {
    const takers = ['a', 'b', 'c', 'd'].map((peer, at) => candidate(peer, { sentRate: at }))
    expect([...chokeRound(takers, 3, NONE, 0, () => 0).unchoked].toSorted()).toEqual(['a', 'c', 'd'])
  })

  it('never serves more that ask than there are slots', () => {
    for (let at = 0; at < 1; at += 0.1) expect(chokeRound(six, 3, NONE, 0, () => at).unchoked.size).toBe(3)
  })
})
