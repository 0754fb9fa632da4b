import type { PieceFetch } from './piece-fetch.ts'
import type { RemotePeer } from './remote-peer.ts'

/** A peer that was asked for its bitfield has this long to answer before it counts as having nothing. */
export const BITFIELD_TIMEOUT_MS = 2_000

/** A peer that refused us while it chokes us is asked again after this time: one choke round. */
export const REFUSED_RETRY_MS = 10_000

/** With less than this left, peers of last resort are asked too. */
export const LAST_RESORT_LEAD_MS = 1_000

/** Rate that a peer is taken to have before anything was measured. */
const UNKNOWN_BYTES_PER_SECOND = 1_000_000

/** Whether it is possible that the peer has the block and gives it to us, now or later. */
export function couldServe(peer: RemotePeer, fetch: PieceFetch, now: number): boolean {
  if (!peer.session.isOpen || fetch.absent.has(peer.id) || (peer.lastResort && !fetch.lastResort)) return false
  if (fetch.piece === undefined || peer.holdings.has(fetch.piece)) return true
  for (const askedAt of peer.pendingRoots.values()) if (now - askedAt < BITFIELD_TIMEOUT_MS) return true
  return false
}

/** Whether the peer is known to hold the block, or may be asked whether it does. */
function isHolder(peer: RemotePeer, fetch: PieceFetch): boolean {
  if (!peer.session.isOpen || fetch.absent.has(peer.id) || (peer.lastResort && !fetch.lastResort)) return false
  if (fetch.piece !== undefined) return peer.holdings.has(fetch.piece)
  if (fetch.present.size > 0) return fetch.present.has(peer.id)
  return fetch.probing === undefined || fetch.probing === peer.id
}

/** Whether the peer would answer: it doesn't choke us, or lets choked peers have some and somebody waits for this. */
function isWilling(peer: RemotePeer, fetch: PieceFetch, now: number): boolean {
  if (peer.refusedAt > 0 && now - peer.refusedAt < REFUSED_RETRY_MS) return false
  return !peer.chokes || fetch.isUrgent
}

/** Whether the block may be asked of this peer now. */
export function mayAsk(peer: RemotePeer, fetch: PieceFetch, peers: Iterable<RemotePeer>, now: number): boolean {
  if (fetch.soleSource !== undefined) return fetch.soleSource === peer.id && !fetch.absent.has(peer.id)
  if (!isHolder(peer, fetch) || !isWilling(peer, fetch, now)) return false
  if (peer.lastResort && fetch.deadline - now > LAST_RESORT_LEAD_MS) {
    for (const other of peers)
      if (!other.lastResort && !other.snubbed && couldServe(other, fetch, now) && isWilling(other, fetch, now))
        return false
  }
  return !peer.snubbed || !hasAlternative(peer, fetch, peers, now)
}

/** Whether somebody else who answers holds the block. */
export function hasAlternative(peer: RemotePeer, fetch: PieceFetch, peers: Iterable<RemotePeer>, now: number): boolean {
  for (const other of peers) {
    if (other !== peer && !other.snubbed && isHolder(other, fetch) && isWilling(other, fetch, now)) return true
  }
  return false
}

/** Milliseconds until the peer will have sent what it is asked for and `bytes` more. */
export function expectedMs(peer: RemotePeer, bytes: number): number {
  if (peer.snubbed) return Infinity
  const rate = peer.window.bytesPerSecond || UNKNOWN_BYTES_PER_SECOND
  return ((peer.pendingBytes + bytes) / rate) * 1000 + (bytes === 0 ? 0 : peer.window.assumedRttMs)
}
