import { expect, it } from 'vitest'
import { PROBATION_MS, worstPeer } from './worst-peer.ts'
import type { RatedPeer } from './worst-peer.ts'

const NOW = 10 * PROBATION_MS

function peer(id: string, rest: Partial<RatedPeer> = {}): RatedPeer {
  const idle = { receivedRate: 0, sentRate: 0, bytesIn: 0, bytesOut: 0 }
  return { id, lastResort: false, rttMs: 50, pieces: 10, joinedAt: 0, ...idle, ...rest }
}

it('is the one that gave and got the least', () => {
  const peers = [peer('gave', { bytesIn: 1e9 }), peer('nothing'), peer('got', { bytesOut: 1e9 })]
  expect(worstPeer(peers, NOW)).toBe('nothing')
  expect(worstPeer([peer('gave', { bytesIn: 1e9 }), peer('got', { bytesOut: 1e9 })], NOW)).toBe('got')
})

it('of equals is the furthest, then the one that holds least', () => {
  expect(worstPeer([peer('near', { rttMs: 5 }), peer('far', { rttMs: 300 }), peer('mid')], NOW)).toBe('far')
  expect(worstPeer([peer('much'), peer('little', { pieces: 1 })], NOW)).toBe('little')
})

it('is nobody who is busy, new, or a relay', () => {
  const peers = [
    peer('receives', { sentRate: 50_000 }),
    peer('sends', { receivedRate: 50_000 }),
    peer('new', { joinedAt: NOW - PROBATION_MS + 1 }),
    peer('relay', { lastResort: true }),
  ]
  expect(worstPeer(peers, NOW)).toBeUndefined()
})
