import { streamPair } from '@libp2p/utils'
import { PeerSession } from './peer-session.ts'
import { RemotePeer } from './remote-peer.ts'
import { UploadQueue } from './upload-queue.ts'

/** Until when {@link peerOf} measured, in milliseconds. */
export const NOW = 5_000

/** Number of the piece that {@link peerOf} holds. */
export const PIECE = 7

/** A connected peer for tests that is so many milliseconds away, gave so many bytes per second until now, and holds {@link PIECE}. */
export async function peerOf(
  id: string,
  away: number,
  bytesPerSecond: number,
  lastResort = false,
): Promise<RemotePeer> {
  const [stream] = await streamPair()
  const ignored = (): void => undefined
  const handler = {
    ...{ onMessage: ignored, onPiece: ignored, onPieceData: ignored },
    ...{ onDrain: ignored, onFault: ignored, onClose: ignored },
  }
  const peer = new RemotePeer({
    id,
    direction: 'outbound',
    lastResort,
    session: Object.defineProperty(new PeerSession(stream, handler), 'isOpen', { value: true }),
    uploads: new UploadQueue(),
    joinedAt: 0,
    measurePath: () => Promise.resolve(away),
  })
  await Promise.resolve()
  peer.lookAtPath(0)
  peer.holdings.add(PIECE)
  peer.lastProgressAt = NOW
  if (bytesPerSecond === 0) return peer
  peer.window.answered(away, false, NOW)
  for (let now = NOW - 2_000; now <= NOW; now += 10) peer.window.received(bytesPerSecond / 100, true, now)
  return peer
}
