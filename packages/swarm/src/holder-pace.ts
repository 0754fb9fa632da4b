import type { HolderPace } from '@blackhole/protocol'
import type { RemotePeer } from './remote-peer.ts'

/**
 * How fast a piece would come from the visitors who hold it and would send it, over our own line. Those whose rate was
 * not measured yet count with nothing.
 *
 * @param peers - the connected peers
 * @param piece - its number; undefined when no known version has it
 * @param line - `bytesPerSecond` of our own line, 0 when that was not measured; `waitingBytes` that somebody waits for and
 *   nobody was asked for yet
 */
export function holderPace(
  peers: Iterable<RemotePeer>,
  piece: number | undefined,
  line: { readonly bytesPerSecond: number; readonly waitingBytes: number },
): HolderPace {
  let [rttMs, bytesPerSecond, queuedBytes] = [0, 0, 0]
  for (const peer of peers) {
    if (piece === undefined || !peer.holdings.has(piece) || !peer.session.isOpen) continue
    if (peer.lastResort || peer.snubbed) continue
    const { rttMs: rtt, bytesPerSecond: rate } = peer.window
    if (rtt > 0 && (rttMs === 0 || rtt < rttMs)) rttMs = rtt
    bytesPerSecond += rate
    if (rate > 0) queuedBytes += peer.pendingBytes
  }
  if (line.bytesPerSecond > 0) bytesPerSecond = Math.min(bytesPerSecond, line.bytesPerSecond)
  return { rttMs, bytesPerSecond, queuedBytes: queuedBytes + line.waitingBytes }
}
