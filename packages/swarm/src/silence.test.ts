import { expect, it, vi } from 'vitest'
import { CID } from 'multiformats/cid'
import { Uint8ArrayList } from 'uint8arraylist'
import { REQUEST_BYTES } from '@blackhole/protocol'
import { MAX_STALLED_LOOKS } from './conduct.ts'
import { PieceFetch } from './piece-fetch.ts'
import { RangeRequests } from './range-requests.ts'
import { RemotePeer } from './remote-peer.ts'
import { lookAtSilence } from './silence.ts'
import { UploadQueue } from './upload-queue.ts'
import type { PeerSession } from './peer-session.ts'
import type { RangeRequestsHandler } from './range-requests.ts'

it('takes bytes of what was taken back for a sign of life: what it owes besides comes after them', () => {
  const session = { isOpen: true, sendFrames: vi.fn() } as unknown as PeerSession
  const peer = new RemotePeer({
    ...{ id: 'peer', direction: 'inbound', lastResort: false, session, joinedAt: 0 },
    uploads: new UploadQueue(),
  })
  let now = 0
  const handler = {
    peers: new Map([['peer', peer]]),
    now: () => now,
    letDown: vi.fn(),
    roomier: vi.fn(),
    came: vi.fn(),
  }
  const requests = new RangeRequests(handler as unknown as RangeRequestsHandler)
  const fetch = new PieceFetch({ cid: 'a', link: CID.parse('bafkqaaa'), piece: 0, size: 4 * REQUEST_BYTES, now })
  for (const start of [0, REQUEST_BYTES])
    requests.ask(peer, fetch, { start, end: start + REQUEST_BYTES }, new Uint8ArrayList())
  const [first] = peer.requests.keys()
  requests.cancel(peer, ({ start }) => start === 0)
  const size = 4 * REQUEST_BYTES
  requests.onPiece(peer, { id: first ?? 0, size, offset: 0, length: REQUEST_BYTES })
  const giveUp = vi.spyOn(requests, 'giveUp')
  const look = (): void => {
    lookAtSilence(peer, handler.peers, { now, deadPeerTimeoutMs: 30_000, requests, timeOut: vi.fn() })
  }
  for (; now <= 20_000; now += 1_000) {
    requests.onPieceData(peer, new Uint8Array(REQUEST_BYTES / 21))
    look()
  }
  expect(giveUp).not.toHaveBeenCalled()
  // More than was owed is none.
  for (; now <= 40_000; now += 1_000) {
    requests.onPiece(peer, { id: first ?? 0, size, offset: 0, length: REQUEST_BYTES })
    requests.onPieceData(peer, new Uint8Array(REQUEST_BYTES / 21))
    look()
  }
  expect(giveUp).toHaveBeenCalled()
  expect(peer.received.rate(now)).toBe(0)
})

it('sends away who owes an answer and stays silent, not one of whom all was taken back', () => {
  const session = { isOpen: true } as unknown as PeerSession
  const peer = new RemotePeer({
    ...{ id: 'peer', direction: 'inbound', lastResort: false, session, joinedAt: 0 },
    uploads: new UploadQueue(),
  })
  const timeOut = vi.fn()
  const look = (): void => {
    for (let at = 0; at < MAX_STALLED_LOOKS; at++)
      lookAtSilence(peer, new Map(), { now: 0, deadPeerTimeoutMs: 60_000, requests: { giveUp: vi.fn() }, timeOut })
  }
  peer.snubbed = true
  look()
  expect(timeOut).not.toHaveBeenCalled()
  peer.probe = 1
  look()
  expect(timeOut).toHaveBeenCalledWith(peer, 'stall')
})
