import { streamPair } from '@libp2p/utils'
import { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'
import { REQUEST_BYTES } from '@blackhole/protocol'
import { PeerSession } from './peer-session.ts'
import { PieceFetch } from './piece-fetch.ts'
import { RemotePeer } from './remote-peer.ts'
import { UploadQueue } from './upload-queue.ts'

const WINDOW_BYTES = 8 * REQUEST_BYTES

it('is asked for more when a quarter of its window is free, not for each answer', async () => {
  const [stream] = await streamPair()
  const ignored = (): void => undefined
  const handler = {
    onMessage: ignored,
    onPiece: ignored,
    onPieceData: ignored,
    onDrain: ignored,
    onFault: ignored,
    onClose: ignored,
  }
  const peer = new RemotePeer({
    id: 'a',
    direction: 'outbound',
    lastResort: false,
    session: new PeerSession(stream, handler),
    uploads: new UploadQueue(),
    joinedAt: 0,
  })
  const fetch = new PieceFetch({
    cid: 'b',
    link: CID.parse('bafkqaaa'),
    piece: 0,
    size: WINDOW_BYTES,
    now: 0,
  })
  // A rate of 8 requests in the time that data is kept on its way for.
  peer.window.answered(0.1, false, 1)
  peer.window.received(1, true, 1)
  peer.window.received(WINDOW_BYTES, true, 101)
  expect(peer.isDueForMore(8)).toBe(true)
  const requests = Array.from({ length: WINDOW_BYTES / REQUEST_BYTES }, (_, index) =>
    peer.ask(fetch, index * REQUEST_BYTES, (index + 1) * REQUEST_BYTES, REQUEST_BYTES, 0),
  )
  const due = requests.map((request) => {
    peer.settle(request)
    return peer.isDueForMore(100)
  })
  expect(due).toEqual([false, true, true, true, true, true, true, true])
  // Small pieces take up requests rather than bytes.
  const small = requests.map((_, index) => peer.ask(fetch, index, index + 1, 1, 0))
  const dueOf8 = small.map((request) => {
    peer.settle(request)
    return peer.isDueForMore(8)
  })
  expect(dueOf8).toEqual([false, true, true, true, true, true, true, true])
})
