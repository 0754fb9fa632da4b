import type { PeerInfo } from '@blackhole/swarm'

/** A peer has this long to show what it is worth. */
export const PROBATION_MS = 2 * 60_000

/** Bytes per second below which a peer gave and got nothing to speak of. */
const IDLE_BYTES_PER_SECOND = 1_000

/** What {@link worstPeer} looks at. */
export type RatedPeer = Pick<
  PeerInfo,
  'id' | 'lastResort' | 'receivedRate' | 'sentRate' | 'rttMs' | 'pieces' | 'bytesIn' | 'bytesOut' | 'joinedAt'
>

/**
 * The peer to give up for another one: of those that had their time and exchange nothing now, the one that gave and
 * got the least in the time that it was here; of equals the furthest. A peer that exchanges bytes is never given up, so
 * that nobody is cut off for a rival who may be no better.
 *
 * As BitTorrent's optimistic unchoke (Cohen, "Incentives Build Robustness in BitTorrent", 2003) it keeps looking for
 * better peers, here one at a time and among those who do nothing.
 *
 * @returns undefined when all are worth keeping
 */
export function worstPeer(peers: readonly RatedPeer[], now: number): string | undefined {
  const idle = peers.filter(
    (peer) =>
      !peer.lastResort &&
      now - peer.joinedAt >= PROBATION_MS &&
      peer.receivedRate + peer.sentRate < IDLE_BYTES_PER_SECOND,
  )
  const worst = idle.reduce<RatedPeer | undefined>(
    (least, peer) => (least === undefined || isWorse(peer, least, now) ? peer : least),
    undefined,
  )
  return worst?.id
}

function isWorse(a: RatedPeer, b: RatedPeer, now: number): boolean {
  const difference = worth(a, now) - worth(b, now)
  if (Math.abs(difference) >= IDLE_BYTES_PER_SECOND) return difference < 0
  // What was never measured is taken to be near.
  return a.rttMs === b.rttMs ? a.pieces < b.pieces : a.rttMs > b.rttMs
}

/** Bytes per second since it came. What it gave counts twice: what it got, another one would have taken too. */
function worth(peer: RatedPeer, now: number): number {
  return ((2 * peer.bytesIn + peer.bytesOut) * 1000) / Math.max(1, now - peer.joinedAt)
}
