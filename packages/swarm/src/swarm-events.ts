import type { RemotePeer } from './remote-peer.ts'

/** A connected peer, as it is now. */
export interface PeerInfo {
  readonly id: string
  readonly direction: 'inbound' | 'outbound'
  /** A relay: asked only when no visitor has a piece. */
  readonly lastResort: boolean
  /** Milliseconds between a request and its first byte; 0 before anything was measured. */
  readonly rttMs: number
  /** Bytes per second that it can send us, as measured; 0 before that. */
  readonly bandwidth: number
  /** Bytes per second that it sent us over the last 20 s. */
  readonly receivedRate: number
  /** Bytes per second that we sent it over the last 20 s. */
  readonly sentRate: number
  /** Pieces of known versions that it says it holds. */
  readonly pieces: number
  /** When it was last asked what it holds of a version and has not said so yet; undefined when it owes no answer. */
  readonly askedAt: number | undefined
  /** We don't serve it, for now. */
  readonly choked: boolean
  /** It doesn't serve us, for now. */
  readonly chokes: boolean
  /** It owes us an answer for too long. */
  readonly snubbed: boolean
  readonly bytesIn: number
  readonly bytesOut: number
  /** Milliseconds since 1970. */
  readonly joinedAt: number
}

/**
 * - `corrupt`: it sent bytes that don't hash to their CID
 * - `invalid`: it sent what is no message, or broke the protocol in other ways
 * - `stall`: it sent nothing of what it owed, for long
 * - `lack`: it announced pieces that it has not got, many of them
 * - `flood`: it sent more than the protocol lets anyone, or asked in vain all the time
 *
 * The first is for good, and the second when it happens again and again; else it is for a while.
 */
export type BanReason = 'corrupt' | 'invalid' | 'stall' | 'lack' | 'flood'

/** A peer that is not talked to any more, or not for a while. */
export interface BannedPeer {
  readonly peer: string
  readonly reason: BanReason
  /** Milliseconds until it may come back; left out, never. */
  readonly forMs?: number
  /** The block whose bytes were wrong. */
  readonly cid?: string
}

/** Events of a swarm. */
export interface SwarmEvents {
  /** A peer has joined: both hellos were accepted. */
  'peer:add': CustomEvent<PeerInfo>
  /** A peer has left. */
  'peer:remove': CustomEvent<{ readonly peer: string }>
  /** A peer told which pieces it holds or is getting, serves us again, or doesn't any more. */
  'peer:update': CustomEvent<PeerInfo>
  'peer:ban': CustomEvent<BannedPeer>
  /** A piece came from peers and is verified. `bytes` is its size; `background` is true when no `fetch` waits for it. */
  piece: CustomEvent<{
    readonly cid: string
    readonly bytes: number
    readonly peers: readonly string[]
    readonly background: boolean
  }>
  /** Bytes of content were sent to a peer. */
  upload: CustomEvent<{ readonly peer: string; readonly bytes: number }>
  /** A piece could not be stored; it was delivered all the same. */
  'store:error': CustomEvent<{ readonly error: unknown }>
}

/** What others may know of a peer. */
export function peerInfo(peer: RemotePeer, now: number): PeerInfo {
  return {
    id: peer.id,
    direction: peer.direction,
    lastResort: peer.lastResort,
    rttMs: peer.window.rttMs,
    bandwidth: peer.window.bytesPerSecond,
    receivedRate: peer.received.rate(now),
    sentRate: peer.sent.rate(now),
    pieces: peer.holdings.count,
    askedAt: [...peer.pendingRoots.values()].at(-1),
    choked: peer.uploads.choked,
    chokes: peer.chokes,
    snubbed: peer.snubbed,
    bytesIn: peer.bytesIn,
    bytesOut: peer.bytesOut,
    joinedAt: peer.joinedAt,
  }
}
