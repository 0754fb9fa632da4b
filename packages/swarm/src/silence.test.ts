import { expect, it, vi } from 'vitest'
import { MAX_STALLED_LOOKS } from './conduct.ts'
import { RemotePeer } from './remote-peer.ts'
import { lookAtSilence } from './silence.ts'
import { UploadQueue } from './upload-queue.ts'
import type { PeerSession } from './peer-session.ts'

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
