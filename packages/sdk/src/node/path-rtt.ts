import type { Connection } from '@libp2p/interface'

/** The part of an `RTCPeerConnection` that tells of its path. */
interface PeerConnection {
  getStats(): Promise<Iterable<readonly [string, unknown]>>
}

/**
 * Round trip of a WebRTC connection's path, by the connectivity checks of ICE that the browser makes every few seconds
 * beside all data (`currentRoundTripTime` of the candidate pair in use, W3C "Identifiers for WebRTC's Statistics API").
 *
 * @returns milliseconds; undefined for other transports, and where the browser doesn't say
 */
export async function pathRttOf(connection: Connection): Promise<number | undefined> {
  const { maConn } = connection as { readonly maConn?: { readonly peerConnection?: unknown } }
  const peerConnection = maConn?.peerConnection
  if (!isPeerConnection(peerConnection)) return undefined
  let smallest: number | undefined
  for (const [, stats] of await peerConnection.getStats()) {
    const { type, nominated, currentRoundTripTime: seconds } = stats as Partial<RTCIceCandidatePairStats>
    if (type !== 'candidate-pair' || nominated !== true || typeof seconds !== 'number') continue
    smallest = Math.min(seconds * 1000, smallest ?? Infinity)
  }
  return smallest
}

function isPeerConnection(value: unknown): value is PeerConnection {
  return typeof (value as Partial<PeerConnection> | undefined)?.getStats === 'function'
}
