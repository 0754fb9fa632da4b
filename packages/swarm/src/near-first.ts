import { REQUEST_BYTES } from '@blackhole/protocol'
import { couldServe, expectedMs, hasAlternative } from './candidates.ts'
import type { Downlink } from './downlink.ts'
import type { PieceFetch } from './piece-fetch.ts'
import type { RemotePeer } from './remote-peer.ts'

/** Who is at most this much further away than the nearest is near, too: round trips of a busy machine differ by as much. */
const NEAR_FACTOR = 2
const NEAR_SLACK_MS = 25

/**
 * So much may be asked for whatever was measured: what comes of a few small files says little of the line. The queue
 * before a usual line holds as much.
 */
const FIRST_BYTES = 3 * REQUEST_BYTES

/** Whoever is asked for nothing is asked for one thing, until all owe so much, or what our line brings in a second. */
const FIRST_BYTES_OF_ALL = 8 * REQUEST_BYTES

/** A near one that gives less than this part of what somebody further away does is not waited for. */
const LEAST_SHARE = 1 / 4

/** Next to what a peer gave of late while others shared our line with it, it may give so much. */
const HEADROOM = 1.5

/** A near peer that gives less has nothing to speak of, and nothing is left to it. Bytes per second. */
const LEAST_RATE = 16 * 1024

/** Who is held back is asked for something after this time all the same: whether the line carries more is seen by that alone. */
const PROBE_MS = 10_000

/** Of what is needed first, a piece that is late, and of which nothing came for so long, is asked of anyone. */
const STARVING_MS = 1_000
const STARVING_PIECES = 2
/** Pieces that are looked at for those. */
const LOOKED_AT = 16

/** Nothing is expected of a peer that sent nothing for so many times as long as data is kept on its way. */
const SILENT_HORIZONS = 2

/**
 * Who is asked first, and how much of whom, in one round of requests: the nearest first. While our own line is full, those
 * who are further away are asked only for what no near one has, and for what the near don't fill it with: the line
 * carries as much, the lines between networks less, and what is needed next waits behind less
 * (Bindal et al., "Improving Traffic Locality in BitTorrent via Biased Neighbor Selection", ICDCS 2006).
 */
export class NearFirst {
  readonly #downlink: Downlink
  readonly #now: number
  readonly #nearestMs: number
  readonly #near: RemotePeer[] = []
  readonly #starving = new Set<PieceFetch>()
  /** Bytes per second that each gives, and a near one would give if it were asked. */
  readonly #expected = new Map<RemotePeer, number>()
  /** Bytes per second that all were asked for. */
  #asked = 0
  /** Bytes that all were asked for and that have not come. */
  #pending = 0
  #expectedOfAll = 0

  /**
   * @param peers - all that are connected
   * @param downlink - our own line
   * @param urgent - pieces that somebody waits for, earliest deadline first
   * @param now - milliseconds
   */
  constructor(peers: Iterable<RemotePeer>, downlink: Downlink, urgent: readonly PieceFetch[], now: number) {
    this.#downlink = downlink
    this.#now = now
    const givers = [...peers].filter(isGiver)
    for (const fetch of urgent.slice(0, LOOKED_AT)) {
      const isLate = Math.min(now - fetch.deadline, now - fetch.lastProgressAt) > STARVING_MS
      // What nobody has starves whoever is asked.
      if (isLate && givers.some((peer) => couldServe(peer, fetch, now))) this.#starving.add(fetch)
      if (this.#starving.size === STARVING_PIECES) break
    }
    this.#nearestMs = Math.min(...givers.map((peer) => peer.distanceMs))
    for (const peer of givers) {
      const asked = askedOf(peer, now)
      this.#asked += asked
      if (asked > 0) this.#pending += peer.pendingBytes
      const isNear = this.isNear(peer)
      if (isNear && couldGive(peer, now) >= LEAST_RATE) this.#near.push(peer)
      this.#expect(peer, isNear && isMeasured(peer) ? Math.max(asked, couldGive(peer, now)) : asked)
    }
  }

  isNear(peer: RemotePeer): boolean {
    return peer.distanceMs <= NEAR_FACTOR * this.#nearestMs + NEAR_SLACK_MS
  }

  /** Sorts the near before the far, and the quicker before the slower. */
  compare(a: RemotePeer, b: RemotePeer): number {
    return Number(this.isNear(b)) - Number(this.isNear(a)) || expectedMs(a, 1) - expectedMs(b, 1)
  }

  /** Whether our line has room for more of this peer. */
  hasRoom(peer: RemotePeer): boolean {
    if (!isGiver(peer)) return true
    // Many slow ones fill a fast line only together, and what came says nothing of who was not asked.
    const ofAll = peer.requests.size === 0 ? Math.max(FIRST_BYTES_OF_ALL, this.#downlink.bytesPerSecond) : FIRST_BYTES
    return this.#pending < ofAll || this.#asked < this.#downlink.mayAsk
  }

  /** Whether the block is left to those who are nearer than this peer: they have it, and fill the line. */
  leavesToNearer(peer: RemotePeer, fetch: PieceFetch): boolean {
    if (!this.#isHeldBack(peer) || fetch.soleSource !== undefined || this.isStarving(fetch)) return false
    return fetch.piece !== undefined && hasAlternative(peer, fetch, this.#nearerThan(peer), this.#now)
  }

  /** Whether somebody waits for it and gets nothing, which matters more than whose line is how full. */
  isStarving(fetch: PieceFetch): boolean {
    return this.#starving.has(fetch)
  }

  /** Whether a piece that was not begun is left to those who are nearer. */
  leavesPieceToNearer(peer: RemotePeer, piece: number): boolean {
    return this.#isHeldBack(peer) && this.#nearerThan(peer).some(({ holdings }) => holdings.has(piece))
  }

  /** The peer was asked for so many bytes more. */
  asked(peer: RemotePeer, bytes: number): void {
    if (!isGiver(peer)) return
    const rate = Math.min(bytes / (peer.window.horizonMs / 1000), couldGive(peer, this.#now))
    this.#asked += rate
    this.#pending += bytes
    if (!this.isNear(peer)) this.#expect(peer, rate)
  }

  /** There is nothing that the peer could be asked for, though it has room: more than was asked is not to be expected. */
  idle(peer: RemotePeer): void {
    this.#expect(peer, askedOf(peer, this.#now) - (this.#expected.get(peer) ?? 0))
  }

  /** The near who give enough next to what this one gives. */
  #nearerThan(peer: RemotePeer): RemotePeer[] {
    if (!isMeasured(peer)) return this.#near
    const least = LEAST_SHARE * peer.window.bytesPerSecond
    return this.#near.filter((near) => couldGive(near, this.#now) >= least)
  }

  #isHeldBack(peer: RemotePeer): boolean {
    if (!isGiver(peer) || this.isNear(peer)) return false
    // One request shows what it gives.
    if (!isMeasured(peer)) return peer.pendingBytes >= REQUEST_BYTES
    if (peer.pendingBytes === 0 && this.#now - peer.lastProgressAt > PROBE_MS) return false
    return this.#expectedOfAll >= this.#downlink.fullRate
  }

  #expect(peer: RemotePeer, more: number): void {
    this.#expected.set(peer, (this.#expected.get(peer) ?? 0) + more)
    this.#expectedOfAll += more
  }
}

/** Whether it holds anything, and would send it. */
function isGiver(peer: RemotePeer): boolean {
  return !peer.chokes && !peer.snubbed && !peer.lastResort && peer.holdings.count > 0
}

function isMeasured({ window }: RemotePeer): boolean {
  return window.bytesPerSecond > 0
}

/** Bytes per second that a peer was asked for, and is expected to give. */
function askedOf(peer: RemotePeer, now: number): number {
  return Math.min((peer.pendingBytes / peer.window.horizonMs) * 1000, couldGive(peer, now))
}

/** Bytes per second that a peer would give if it were asked for more; Infinity of one that was not measured yet. */
function couldGive(peer: RemotePeer, now: number): number {
  const { window, lastProgressAt, pendingBytes } = peer
  if (pendingBytes > 0 && now - lastProgressAt > SILENT_HORIZONS * window.horizonMs) return 0
  return isMeasured(peer) ? Math.min(window.bytesPerSecond, HEADROOM * window.latestBytesPerSecond) : Infinity
}
