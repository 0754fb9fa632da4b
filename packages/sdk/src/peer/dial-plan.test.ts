import { DIAL_TIMEOUT_MS } from '@blackhole/protocol'
import { describe, expect, it } from 'vitest'
import { ConnectionBudget } from './connection-budget.ts'
import { DialPlan, type Offer } from './dial-plan.ts'
import type { SwarmCandidate } from './tracker-client.ts'

const candidate = (peer: string, have = 0, total = 10): SwarmCandidate => ({ peer, relays: [], have, total })
const peers = (list: readonly SwarmCandidate[]): string[] => list.map(({ peer }) => peer)
const named = (candidates: readonly SwarmCandidate[], offer: Partial<Offer> = {}): Offer => ({
  candidates,
  relay: 'relay',
  isComplete: false,
  now: 0,
  ...offer,
})
const NONE: ReadonlySet<string> = new Set()

describe('DialPlan', () => {
  it('dials holders of more first, connected ones not at all, and no more than are wanted', () => {
    const plan = new DialPlan({ random: () => 0 })
    plan.offer(named([candidate('none'), candidate('half', 5), candidate('all', 10), candidate('linked', 10)]))
    expect(peers(plan.next(0, new Set(['linked']), 2))).toEqual(['all', 'half'])
  })

  it("goes by the tracker's choice among holders of as much", () => {
    const plan = new DialPlan({ random: () => 0.5 })
    plan.offer(named(['near', 'mid', 'far'].map((peer) => candidate(peer, 10))))
    expect(peers(plan.next(0, NONE, 2))).toEqual(['near', 'mid'])
  })

  it('leaves one that was given up alone for a while', () => {
    const plan = new DialPlan({ random: () => 0 }, { restMs: 1000 })
    plan.offer(named([candidate('a', 10)]))
    plan.givenUp('a', 0)
    expect(plan.next(999, NONE, 1)).toEqual([])
    expect(peers(plan.next(1000, NONE, 1))).toEqual(['a'])
  })

  it('dials few at once', () => {
    const plan = new DialPlan({ random: () => 0 }, { parallel: 2 })
    plan.offer(named(['a', 'b', 'c'].map((peer) => candidate(peer))))
    const first = plan.next(0, NONE, 10)
    expect(first).toHaveLength(2)
    for (const { peer } of first) plan.started(peer)
    expect(plan.next(0, NONE, 10)).toEqual([])
    plan.succeeded('a')
    expect(peers(plan.next(0, new Set(['a']), 10))).toEqual(['c'])
  })

  it('tries one that could not be reached again, with more time, before the tracker names it anew', () => {
    const plan = new DialPlan({ random: () => 0 })
    plan.offer(named([candidate('a', 10)]))
    expect(plan.terms('a')).toEqual({ timeoutMs: DIAL_TIMEOUT_MS, attempts: 2 })
    plan.started('a')
    plan.failed('a', 2 * DIAL_TIMEOUT_MS)
    expect(plan.next(9_999, NONE, 1)).toEqual([])
    expect(peers(plan.next(10_000, NONE, 1))).toEqual(['a'])
    expect(plan.terms('a')).toEqual({ timeoutMs: 2 * DIAL_TIMEOUT_MS, attempts: 1 })
  })

  it('keeps half of its dials for those that it has not tried yet, however much the others hold', () => {
    const plan = new DialPlan({ random: () => 0 }, { parallel: 2 })
    plan.offer(named(['dead', 'gone', 'some', 'few'].map((peer, at) => candidate(peer, at < 2 ? 10 : 5 - at))))
    for (const peer of ['dead', 'gone']) {
      plan.started(peer)
      plan.failed(peer, 0)
    }
    expect(peers(plan.next(10_000, NONE, 2))).toEqual(['dead', 'some'])
    plan.started('dead')
    expect(peers(plan.next(10_000, NONE, 2))).toEqual(['some'])
    // Not even when nobody else is left: somebody new may be named while they take their time.
    expect(peers(plan.next(10_000, new Set(['some', 'few']), 2))).toEqual([])
  })

  it('waits longer after each failure, then leaves a peer alone, however often it is named', () => {
    const plan = new DialPlan({ random: () => 0 }, { backoffMs: 100, maxFailures: 3 })
    const fail = (now: number): void => {
      plan.started('a')
      plan.failed('a', now)
      plan.offer(named([candidate('a', 10)], { now }))
    }
    fail(0)
    expect(plan.next(99, NONE, 1)).toEqual([])
    expect(plan.next(100, NONE, 1)).toHaveLength(1)
    fail(100)
    expect(plan.next(299, NONE, 1)).toEqual([])
    expect(plan.next(300, NONE, 1)).toHaveLength(1)
    fail(300)
    plan.offer(named([candidate('a', 10)], { now: 1e9 }))
    expect(plan.next(1e9, NONE, 1)).toEqual([])
  })

  it('stops dialling before a tab has used up its connections', () => {
    const budget = new ConnectionBudget({}, { total: 2 })
    const plan = new DialPlan({ random: () => 0, budget }, { parallel: 10 })
    plan.offer(named(['a', 'b', 'c'].map((peer) => candidate(peer))))
    for (const { peer } of plan.next(0, NONE, 10)) {
      plan.started(peer)
      plan.succeeded(peer)
    }
    expect(plan.next(0, NONE, 10)).toEqual([])
  })

  it('forgets the oldest candidates when there are too many', () => {
    const plan = new DialPlan({ random: () => 0 }, { maxCandidates: 2, parallel: 10 })
    plan.offer(named(['a', 'b', 'c'].map((peer) => candidate(peer))))
    expect(peers(plan.next(0, NONE, 10)).sort()).toEqual(['b', 'c'])
  })

  it('dials nobody whom no tracker named for a while, nor whom a tracker that named all it knows left out', () => {
    const plan = new DialPlan({ random: () => 0 }, { staleMs: 100, parallel: 10 })
    const all = ['a', 'b'].map((peer) => candidate(peer, 10))
    plan.offer(named(all, { relay: 'one' }))
    plan.offer(named([candidate('c', 10)], { relay: 'two', now: 50 }))
    // A sample of many says nothing of those who are not in it.
    plan.offer(named([candidate('a', 10)], { relay: 'one', now: 60 }))
    expect(peers(plan.next(99, NONE, 10)).sort()).toEqual(['a', 'b', 'c'])
    expect(peers(plan.next(100, NONE, 10)).sort()).toEqual(['a', 'c'])
    expect(plan.holdersLeft(100, NONE)).toBe(2)
    plan.offer(named([candidate('d', 10)], { relay: 'one', isComplete: true, now: 100 }))
    expect(peers(plan.next(100, NONE, 10)).sort()).toEqual(['c', 'd'])
  })

  it('counts the holders that are left to try', () => {
    const plan = new DialPlan({ random: () => 0 })
    plan.offer(named([candidate('empty'), candidate('a', 1), candidate('b', 1)]))
    expect(plan.holdersLeft(0, NONE)).toBe(2)
    plan.started('a')
    plan.failed('a', 0)
    expect(plan.holdersLeft(0, NONE)).toBe(1)
    expect(plan.holdersLeft(0, new Set(['b']))).toBe(0)
  })
})
