import type { Availability } from './availability.ts'
import type { ByteRange } from './piece-assembly.ts'
import type { PieceFetch } from './piece-fetch.ts'

/** What the picker has to know of the peer that could be asked. */
export interface PickPeer {
  readonly id: string
  /** Whether it may be asked for this block now. */
  canServe(fetch: PieceFetch): boolean
  /** Whether it says that it holds the piece. */
  holds(piece: number): boolean
}

/** What the picker chooses from. */
export interface PickState {
  /** Fetches that somebody waits for, earliest deadline first. */
  readonly urgent: readonly PieceFetch[]
  /** Background fetches that have begun. */
  readonly begun: Iterable<PieceFetch>
  /** Pieces that wait in the background, by how many hold them. */
  readonly waiting: Availability
  /** Milliseconds until a peer will have sent all it is asked for and `bytes` more, by what was measured of it. */
  readonly expectedMs: (peer: string, bytes: number) => number
  /** Whether more background pieces may begin: bounds the memory of half-done pieces. */
  readonly mayBegin: boolean
}

/** What to ask the peer for. */
export type Pick =
  | { readonly kind: 'range'; readonly fetch: PieceFetch; readonly range: ByteRange }
  | { readonly kind: 'begin'; readonly piece: number }

/** With less than this left, everybody helps with a piece. */
export const NEAR_DEADLINE_MS = 500

/** In the endgame a range is asked for from this many peers at once: more only waste. */
export const ENDGAME_COPIES = 2

/** A second copy must be expected in this part of the time that the first still takes, or it is waste. */
const ENDGAME_GAIN = 2

/**
 * What was needed so long ago is overdue: a response is read in order, and whoever was asked for its next piece first may
 * have become the slowest of all since, while others bring what comes after it.
 */
export const OVERDUE_MS = 1_000

/** Overdue pieces that are looked at: few responses are read at once. */
const OVERDUE_PIECES = 4

/**
 * Pieces of one rarity that are looked at for one that the peer holds. A site may have 200,000, and a peer
 * few of them: the next look begins elsewhere.
 */
const SCANNED_PER_COUNT = 256

/** Pieces looked at for the endgame: it is for the last ones. */
const ENDGAME_PIECES = 16

/**
 * Chooses what to ask a peer for next. In this order:
 * pieces that somebody waits for, by deadline; what is overdue, once more; background pieces that this peer has begun; the
 * rarest piece that it holds (BEP 3; ties at random); help with pieces that others began; and in the
 * endgame, when every byte is asked for, the last ranges once more.
 *
 * A piece is left to the peer that began it, as long as others have something
 * else to do and its deadline is not near: that keeps blame simple and requests long.
 *
 * @param now - milliseconds
 * @param random - from 0 up to, not including, 1
 */
export function pick(peer: PickPeer, state: PickState, now: number, random: () => number): Pick | undefined {
  return (
    fromUrgent(peer, state, now, false) ??
    overdue(peer, state, now) ??
    fromBegun(peer, state, false) ??
    rarest(peer, state, random) ??
    fromUrgent(peer, state, now, true) ??
    fromBegun(peer, state, true) ??
    endgame(peer, state)
  )
}

function fromUrgent(peer: PickPeer, { urgent }: PickState, now: number, help: boolean): Pick | undefined {
  for (const fetch of urgent) {
    const mine = fetch.owner === undefined || fetch.owner === peer.id
    if (!mine && !help && fetch.deadline - now > NEAR_DEADLINE_MS) continue
    const range = missing(peer, fetch)
    if (range !== undefined) return { kind: 'range', fetch, range }
  }
  return undefined
}

function fromBegun(peer: PickPeer, { begun }: PickState, help: boolean): Pick | undefined {
  for (const fetch of begun) {
    if (!help && fetch.owner !== undefined && fetch.owner !== peer.id) continue
    const range = missing(peer, fetch)
    if (range !== undefined) return { kind: 'range', fetch, range }
  }
  return undefined
}

function missing(peer: PickPeer, fetch: PieceFetch): ByteRange | undefined {
  const range = fetch.assembly.nextMissing()
  return range !== undefined && peer.canServe(fetch) ? range : undefined
}

function rarest(peer: PickPeer, { waiting, mayBegin }: PickState, random: () => number): Pick | undefined {
  if (!mayBegin || waiting.wanted === 0) return undefined
  for (const piece of waiting.rarestFirst(random, SCANNED_PER_COUNT))
    if (peer.holds(piece)) return { kind: 'begin', piece }
  return undefined
}

/** A range of what is overdue that this peer is expected to send in half of the time that others have had for it. */
function overdue(peer: PickPeer, { urgent, expectedMs }: PickState, now: number): Pick | undefined {
  for (const fetch of urgent.slice(0, OVERDUE_PIECES)) {
    if (fetch.deadline + OVERDUE_MS > now) return undefined
    if (fetch.soleSource !== undefined || !peer.canServe(fetch)) continue
    for (const { start, end, askers, askedAt } of fetch.assembly.pending()) {
      if (askers.length >= ENDGAME_COPIES || askers.includes(peer.id) || now - askedAt < OVERDUE_MS) continue
      if (expectedMs(peer.id, end - start) * ENDGAME_GAIN < now - askedAt)
        return { kind: 'range', fetch, range: { start, end } }
    }
  }
  return undefined
}

function endgame(peer: PickPeer, { urgent, begun, waiting, expectedMs }: PickState): Pick | undefined {
  let left = ENDGAME_PIECES
  const candidates = waiting.wanted === 0 ? [...urgent, ...begun] : urgent
  for (const fetch of candidates) {
    left -= 1
    if (left < 0) return undefined
    if (fetch.soleSource !== undefined || !peer.canServe(fetch)) continue
    for (const { start, end, askers } of fetch.assembly.pending()) {
      if (askers.length >= ENDGAME_COPIES || askers.includes(peer.id)) continue
      const soonest = Math.min(...askers.map((asker) => expectedMs(asker, 0)))
      if (expectedMs(peer.id, end - start) * ENDGAME_GAIN < soonest)
        return { kind: 'range', fetch, range: { start, end } }
    }
  }
  return undefined
}
