import type { BanReason } from './swarm-events.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { Versions } from './versions.ts'

/** A peer has not got a piece that it had announced; one that lacks too many of them is sent away for a while. */
export function noteLack(
  peer: RemotePeer,
  piece: number,
  versions: Pick<Versions, 'lost'>,
  timeOut: (peer: RemotePeer, reason: BanReason) => void,
): void {
  // A large piece is several requests, and lacked once.
  const isNews = peer.holdings.has(piece)
  versions.lost(peer, piece)
  if (isNews && !peer.lastResort && peer.conduct.lacked()) timeOut(peer, 'lack')
}
