import { expect, it } from 'vitest'
import { holderPace } from './holder-pace.ts'
import { peerOf, PIECE } from './peer-harness.ts'

it('promises no more than our own line brings, after what is awaited already', async () => {
  const peers = [await peerOf('a', 20, 1_000_000), await peerOf('b', 5, 2_000_000), await peerOf('other', 1, 9_000_000)]
  peers[2]?.holdings.delete(PIECE)
  const unknown = { bytesPerSecond: 0, waitingBytes: 0 }
  const { rttMs, bytesPerSecond, queuedBytes } = holderPace(peers, PIECE, unknown)
  expect(rttMs).toBe(5)
  expect(bytesPerSecond).toBeCloseTo(3_000_000, -5)
  expect(queuedBytes).toBe(0)
  expect(holderPace(peers, PIECE, { bytesPerSecond: 1_500_000, waitingBytes: 700_000 })).toEqual({
    ...{ rttMs: 5, bytesPerSecond: 1_500_000, queuedBytes: 700_000 },
  })
  expect(holderPace(peers, undefined, unknown).bytesPerSecond).toBe(0)
})
