import type { HolderPace } from '@blackhole/protocol'
import type { RemotePeer } from './remote-peer.ts'

/**
 * How fast a piece would come from the visitors who hold it and would send it. Those whose rate was not measured yet
 * count with nothing, so that the promise is rather too low.
 *
 * @param peers - the connected peers
 * @param piece - its number; undefined when no known version has it
 */
export function holderPace(peers: Iterable<RemotePeer>, piece: number | undefined): HolderPace {
  let [rttMs, bytesPerSecond, queuedBytes] = [0, 0, 0]
  for (const peer of peers) {
    if (piece === undefined || !peer.holdings.has(piece) || !peer.session.isOpen) continue
    if (peer.lastResort || peer.snubbed) continue
    const { rttMs: rtt, bytesPerSecond: rate } = peer.window
    if (rtt > 0 && (rttMs === 0 || rtt < rttMs)) rttMs = rtt
    bytesPerSecond += rate
    if (rate > 0) queuedBytes += peer.pendingBytes
  }
  return { rttMs, bytesPerSecond, queuedBytes }
}
