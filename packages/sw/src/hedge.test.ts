import { describe, expect, it } from 'vitest'
import { HEDGE, PeerPace, headStartMs, isUrgent } from './hedge.ts'
import type { HedgeInput } from './hedge.ts'

const MiB = 1024 * 1024
const unknown = { pieceMs: undefined, winning: true }

function headStart(input: Partial<HedgeInput>): number {
  return headStartMs({ destination: 'image', bytes: MiB, ahead: 0, peers: 3, pace: unknown, ...input })
}

describe('the head start of peers', () => {
  it('is nothing when no peer is connected', () => {
    expect(headStart({ peers: 0, destination: 'video' })).toBe(0)
  })

  it('is given while it is not known who hosts', () => {
    expect(headStart({ peers: undefined, destination: 'script' })).toBeGreaterThan(0)
  })

  it.each(['document', 'script', 'style', 'font'])('is short for a %s, however large', (destination) => {
    expect(headStart({ destination, bytes: 50 * MiB })).toBe(2 * HEDGE.assumedMs)
    expect(headStart({ destination, pace: { pieceMs: 5000, winning: true } })).toBe(HEDGE.maxMs)
    expect(headStart({ destination, pace: { pieceMs: 1, winning: true } })).toBe(HEDGE.minMs)
  })

  it('is short for anything small', () => {
    expect(headStart({ bytes: HEDGE.smallBytes })).toBeLessThanOrEqual(HEDGE.maxMs)
    expect(isUrgent({ destination: 'image', bytes: HEDGE.smallBytes + 1 })).toBe(false)
  })

  it('is longer for large media, and longer still for what is read ahead', () => {
    const first = headStart({ destination: 'video', bytes: 200 * MiB })
    expect(first).toBeGreaterThanOrEqual(HEDGE.minLargeMs)
    const ahead = [1, 2, 8, 100].map((ahead) => headStart({ destination: 'video', bytes: 200 * MiB, ahead }))
    expect(ahead.every((ms) => ms >= HEDGE.maxLargeMs && ms <= HEDGE.maxAheadMs)).toBe(true)
    expect(headStart({ destination: 'video', ahead: 100, pace: { pieceMs: 800, winning: true } })).toBe(
      HEDGE.maxAheadMs,
    )
  })

  it('is the least when peers keep losing against HTTP: slow peers must not make a page slow', () => {
    const slow = { pieceMs: 2000, winning: false }
    expect(headStart({ destination: 'script', pace: slow })).toBe(HEDGE.minMs)
    expect(headStart({ destination: 'image', bytes: 5 * MiB, pace: slow })).toBe(HEDGE.minLargeMs)
  })
})

describe('the pace of peers', () => {
  it('follows what is measured, smoothed', () => {
    const pace = new PeerPace()
    pace.won(100)
    expect(pace.pieceMs).toBe(100)
    pace.won(180)
    expect(pace.pieceMs).toBe(110)
  })

  it('is losing after a few losses in a row, and winning again after wins', () => {
    const pace = new PeerPace()
    expect(pace.winning).toBe(true)
    for (let i = 0; i < 4; i++) pace.lost()
    expect(pace.winning).toBe(false)
    for (let i = 0; i < 4; i++) pace.won(50)
    expect(pace.winning).toBe(true)
  })
})
