import { describe, expect, it } from 'vitest'
import { AHEAD_PLAN, planAhead } from './plan.ts'
import type { WantedPiece } from './plan.ts'
import { turnOf } from './turn.ts'

const NOW = 100_000
const piece = (cid: string, inMs: number, more: Partial<WantedPiece> = {}): WantedPiece => ({
  cid,
  neededAt: NOW + inMs,
  since: NOW,
  holders: 1,
  coming: false,
  awaited: false,
  turn: 0,
  ...more,
})
const cids = (pieces: readonly WantedPiece[]): string[] => pieces.map(({ cid }) => cid)

describe('what is fetched ahead', () => {
  it('from those who hold it: what is about to be needed first of all, in the order of need; the rest rarest first', () => {
    const wanted = [piece('third', 20_000), piece('second', 3_000), piece('first', 1_000), piece('fourth', 24_000)]
    const awaited = piece('waited for', 30_000, { awaited: true })
    const rare = [piece('rare and last', 28_000), piece('common', 12_000, { holders: 3 })]
    const { near, far, fromRelay } = planAhead([...rare, ...wanted, awaited], 3, NOW)
    expect(cids(near)).toEqual(['first', 'second', 'waited for'])
    expect(cids(far)).toEqual(['third', 'fourth', 'rare and last', 'common'])
    expect(fromRelay).toEqual([])
  })

  it('what nobody holds: each its own part from a relay, the others after a while, all when it is late', () => {
    const none = { holders: 0 }
    const wanted = [
      piece('theirs', 20_000, { ...none, turn: 1 }),
      piece('mine', 20_000, none),
      piece('late', AHEAD_PLAN.lateMs - 1, { ...none, turn: 5 }),
      piece('waited for', 20_000, { ...none, turn: 1, since: NOW - AHEAD_PLAN.turnMs }),
    ]
    expect(cids(planAhead(wanted, 3, NOW).fromRelay)).toEqual(['late', 'mine', 'waited for'])
  })

  it('what somebody says they are getting is waited for, until it is late', () => {
    const coming = { holders: 0, coming: true, since: NOW - 10 * AHEAD_PLAN.turnMs }
    const wanted = [piece('theirs', AHEAD_PLAN.lateMs, coming), piece('late', AHEAD_PLAN.lateMs - 1, coming)]
    expect(cids(planAhead(wanted, 3, NOW).fromRelay)).toEqual(['late'])
  })

  it('what a player waits for while the others leave is not waited for any longer', () => {
    const none = { holders: 0, awaited: true }
    expect(cids(planAhead([piece('a', 9_000, none)], 0, NOW).fromRelay)).toEqual(['a'])
  })

  it('is nothing where no other visitor is: a player that is alone asks for itself', () => {
    expect(planAhead([piece('a', 1_000, { holders: 0 })], 0, NOW)).toEqual({ near: [], far: [], fromRelay: [] })
  })
})

describe('whose turn it is', () => {
  const peers = ['12D3KooWAlice', '12D3KooWBob', '12D3KooWCarol', '12D3KooWDave']

  it('is the same order for all, with nobody left out, and another one for each piece', () => {
    const firsts = new Map<string, number>()
    for (let at = 0; at < 400; at += 1) {
      const cid = `bafkrei${String(at)}`
      const turns = peers.map((self) =>
        turnOf(
          self,
          peers.filter((peer) => peer !== self),
          cid,
        ),
      )
      expect(turns.toSorted()).toEqual([0, 1, 2, 3])
      const first = peers[turns.indexOf(0)] ?? ''
      firsts.set(first, (firsts.get(first) ?? 0) + 1)
    }
    // 100 each, give or take: three deviations of a binomial are 26.
    for (const peer of peers) expect(Math.abs((firsts.get(peer) ?? 0) - 100)).toBeLessThan(30)
  })
})
