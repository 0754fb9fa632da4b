import { DeadlineError } from '@blackhole/protocol'
import { hasAlternative } from './candidates.ts'
import type { RangeRequests } from './range-requests.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { BanReason } from './swarm-events.ts'

/** What {@link lookAtSilence} works with. */
export interface SilenceTerms {
  /** Milliseconds. */
  readonly now: number
  /** A peer that owes bytes, which nobody else has, and sent none for so long is disconnected. */
  readonly deadPeerTimeoutMs: number
  readonly requests: Pick<RangeRequests, 'giveUp'>
  readonly timeOut: (peer: RemotePeer, reason: BanReason) => void
}

/**
 * Looks at what a peer owes, every now and then: when it is silent for longer than it ever took, others are asked for
 * it; when it stays silent although others are there, it is sent away for a while.
 */
export function lookAtSilence(peer: RemotePeer, peers: ReadonlyMap<string, RemotePeer>, terms: SilenceTerms): void {
  const { now, deadPeerTimeoutMs, requests, timeOut } = terms
  // What it was asked for is asked of others meanwhile: it owes an answer still, unless all was taken back.
  const owes = peer.requests.size > 0 || peer.probe !== undefined
  if (peer.snubbed && owes && peer.conduct.stalled()) timeOut(peer, 'stall')
  if (peer.requests.size === 0) return
  const silentMs = now - peer.lastProgressAt
  if (silentMs > deadPeerTimeoutMs) {
    peer.session.abort(new DeadlineError(`An answer of peer ${peer.id}`, deadPeerTimeoutMs))
  } else if (silentMs > peer.window.stallMs(peer.pendingBytes)) {
    peer.snubbed = true
    requests.giveUp(
      peer,
      ({ fetch }) => fetch.soleSource === undefined && hasAlternative(peer, fetch, peers.values(), now),
    )
  }
}
