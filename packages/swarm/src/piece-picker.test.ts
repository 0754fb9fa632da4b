import { describe, expect, it } from 'vitest'
import { REQUEST_BYTES } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'
import { Availability } from './availability.ts'
import { PieceFetch } from './piece-fetch.ts'
import { ENDGAME_COPIES, NEAR_DEADLINE_MS, pick } from './piece-picker.ts'
import type { Pick, PickPeer, PickState } from './piece-picker.ts'

const PARTS = 3

function fetchOf(cid: string, deadline = Infinity): PieceFetch {
  const fetch = new PieceFetch({
    cid,
    link: CID.parse('bafkqaaa'),
    piece: undefined,
    size: PARTS * REQUEST_BYTES,
    now: 0,
  })
  fetch.deadline = deadline
  return fetch
}

function peerOf(id: string, parts: Partial<PickPeer> = {}): PickPeer {
  return { id, canServe: () => true, holds: () => true, ...parts }
}

function stateOf(parts: Partial<PickState> = {}): PickState {
  return { urgent: [], begun: [], waiting: new Availability(), mayBegin: true, expectedMs: () => 100, ...parts }
}

/** Picks and notes the request, as the downloader does. */
function take(peer: PickPeer, state: PickState, now = 0): Pick | undefined {
  const picked = pick(peer, state, now, () => 0)
  if (picked?.kind === 'range') {
    picked.fetch.assembly.requested(picked.range, peer.id, now)
    picked.fetch.owner ??= peer.id
  }
  return picked
}

function cidOf(picked: Pick | undefined): string | undefined {
  return picked?.kind === 'range' ? picked.fetch.cid : undefined
}

describe('pick', () => {
  it('takes the earliest deadline first, then what has begun, then the rarest', () => {
    const waiting = new Availability()
    for (const [piece, holders] of [
      [1, 3],
      [2, 1],
      [3, 2],
    ] as const) {
      waiting.want(piece)
      for (let at = 0; at < holders; at += 1) waiting.increment(piece)
    }
    const [soon, late, begun] = [fetchOf('soon', 10_000), fetchOf('late', 20_000), fetchOf('begun')]
    const state = stateOf({ urgent: [soon, late], begun: [begun], waiting })
    const peer = peerOf('a')
    const order = Array.from({ length: 3 * PARTS }, () => cidOf(take(peer, state)))
    expect(order).toEqual([
      ...Array<string>(PARTS).fill('soon'),
      ...Array<string>(PARTS).fill('late'),
      ...Array<string>(PARTS).fill('begun'),
    ])
    const rarest: number[] = []
    for (;;) {
      const picked = take(peer, state)
      if (picked?.kind !== 'begin') break
      rarest.push(picked.piece)
      waiting.unwant(picked.piece)
    }
    expect(rarest).toEqual([2, 3, 1])
  })

  it('takes of the rarest only what the peer holds', () => {
    const waiting = new Availability()
    for (const piece of [1, 2]) {
      waiting.want(piece)
      waiting.increment(piece)
    }
    waiting.increment(2)
    expect(take(peerOf('a', { holds: (piece) => piece === 2 }), stateOf({ waiting }))).toEqual({
      kind: 'begin',
      piece: 2,
    })
    expect(take(peerOf('a'), stateOf({ waiting, mayBegin: false }))).toBeUndefined()
  })

  it('leaves a piece to the peer that began it, while there is something else to do', () => {
    const [one, two] = [fetchOf('one', 10_000), fetchOf('two', 10_000)]
    const state = stateOf({ urgent: [one, two] })
    expect(cidOf(take(peerOf('a'), state))).toBe('one')
    expect(cidOf(take(peerOf('b'), state))).toBe('two')
    expect(cidOf(take(peerOf('a'), state))).toBe('one')
    expect(cidOf(take(peerOf('c'), state))).toBe('one')
  })

  it('lets everybody help when a deadline is near', () => {
    const [one, two] = [fetchOf('one', 10_000), fetchOf('two', 10_000)]
    const state = stateOf({ urgent: [one, two] })
    take(peerOf('a'), state)
    expect(cidOf(take(peerOf('b'), state, 10_000 - NEAR_DEADLINE_MS))).toBe('one')
  })

  it('asks nobody for what they can not serve', () => {
    const [one, two] = [fetchOf('one', 1000), fetchOf('two', 2000)]
    expect(cidOf(take(peerOf('a', { canServe: (fetch) => fetch === two }), stateOf({ urgent: [one, two] })))).toBe(
      'two',
    )
  })

  it('asks others for what is overdue before anything that nobody waits for, if they are expected to be much quicker', () => {
    const waiting = new Availability()
    waiting.want(1)
    waiting.increment(1)
    const [head, next] = [fetchOf('head', 0), fetchOf('next', 100_000)]
    const state = stateOf({ urgent: [head, next], waiting })
    for (let at = 0; at < 2 * PARTS; at += 1) take(peerOf('slow'), state, 500)
    const quick = peerOf('quick')
    // It is late, but was asked for a moment ago.
    expect(take(quick, state, 1_400)?.kind).toBe('begin')
    expect(cidOf(take(quick, state, 1_600))).toBe('head')
    expect(take(peerOf('slower'), stateOf({ ...state, expectedMs: () => 1_000 }), 1_600)?.kind).toBe('begin')
    for (let at = 1; at < PARTS; at += 1) expect(cidOf(take(quick, state, 1_600))).toBe('head')
    // Twice is enough, and what is needed later is not overdue.
    expect(take(quick, state, 1_600)?.kind).toBe('begin')
    expect(take(peerOf('another'), state, 60_000)?.kind).toBe('begin')
    const spoilt = fetchOf('spoilt', 0)
    for (let at = 0; at < PARTS; at += 1) take(peerOf('slow'), stateOf({ urgent: [spoilt] }))
    spoilt.soleSource = 'slow'
    expect(take(quick, stateOf({ urgent: [spoilt], waiting }), 60_000)?.kind).toBe('begin')
  })

  describe('in the endgame', () => {
    /** All parts are asked of the slow peer. */
    function asked(): PieceFetch {
      const fetch = fetchOf('last', 10_000)
      for (let at = 0; at < PARTS; at += 1) take(peerOf('slow'), stateOf({ urgent: [fetch] }))
      return fetch
    }
    const expectedMs = (peer: string): number => (peer === 'slow' ? 5000 : 100)

    it('asks for the last range once more, of a peer that is much quicker', () => {
      const fetch = asked()
      const picked = take(peerOf('quick'), stateOf({ urgent: [fetch], expectedMs }))
      expect(picked).toEqual({ kind: 'range', fetch, range: { start: 2 * REQUEST_BYTES, end: PARTS * REQUEST_BYTES } })
    })

    it('asks for no range more often than that, and never the same peer twice', () => {
      const fetch = asked()
      const state = stateOf({ urgent: [fetch], expectedMs })
      for (let at = 0; at < PARTS; at += 1) expect(take(peerOf('quick'), state)?.kind).toBe('range')
      expect(take(peerOf('quick'), state)).toBeUndefined()
      expect(ENDGAME_COPIES).toBe(2)
      expect(take(peerOf('another'), state)).toBeUndefined()
    })

    it('does not waste a second copy on what will come soon', () => {
      expect(take(peerOf('quick'), stateOf({ urgent: [asked()], expectedMs: () => 100 }))).toBeUndefined()
    })

    it('does not mix copies of a block that is fetched from one peer for blame', () => {
      const fetch = asked()
      fetch.soleSource = 'slow'
      expect(take(peerOf('quick'), stateOf({ urgent: [fetch], expectedMs }))).toBeUndefined()
    })

    it('begins for background pieces only when none waits any more', () => {
      const fetch = asked()
      const waiting = new Availability()
      waiting.want(1)
      expect(take(peerOf('quick'), stateOf({ begun: [fetch], expectedMs, waiting }))).toBeUndefined()
      expect(take(peerOf('quick'), stateOf({ begun: [fetch], expectedMs }))?.kind).toBe('range')
    })
  })
})
