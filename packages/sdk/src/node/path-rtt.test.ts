import { describe, expect, it } from 'vitest'
import { pathRttOf } from './path-rtt.ts'
import type { Connection } from '@libp2p/interface'

function connectionWith(...stats: readonly object[]): Connection {
  const report = new Map(stats.map((entry, at) => [String(at), entry]))
  return { maConn: { peerConnection: { getStats: () => Promise.resolve(report) } } } as unknown as Connection
}

const PAIR = { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.012 }

describe('pathRttOf', () => {
  it('is that of the candidate pair in use, in milliseconds', async () => {
    const other = { ...PAIR, nominated: false, currentRoundTripTime: 0.001 }
    expect(await pathRttOf(connectionWith({ type: 'transport' }, other, PAIR))).toBeCloseTo(12)
  })

  it('takes the smaller of two pairs that were chosen', async () => {
    expect(await pathRttOf(connectionWith({ ...PAIR, currentRoundTripTime: 0.2 }, PAIR))).toBeCloseTo(12)
  })

  it('is not known of a browser that does not say, and of other transports', async () => {
    expect(await pathRttOf(connectionWith({ ...PAIR, currentRoundTripTime: undefined }))).toBeUndefined()
    expect(await pathRttOf({ maConn: {} } as unknown as Connection)).toBeUndefined()
    expect(await pathRttOf({} as Connection)).toBeUndefined()
  })
})
