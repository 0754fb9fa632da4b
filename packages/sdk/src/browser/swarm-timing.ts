import type { BannedPeer } from '@blackhole/swarm'
import type { FinishedDial } from '../peer/visitor-dialler.ts'

/** The part of `performance` that is used. */
export type Timeline = Pick<Performance, 'mark' | 'measure' | 'now'>

/** A measure from the start of a dial until the connection was up; `detail` is `{peer}`. */
export const DIAL_MEASURE = 'blackhole:dial'

/** A mark when a peer was banned; `detail` is `{peer, reason, cid, forMs}`. */
export const BAN_MARK = 'blackhole:ban'

/** Entries that are written: a page that stays open for days must not fill the timeline. */
const MAX_ENTRIES = 1_000

/**
 * Writes what concerns other visitors into the page's timeline (User Timing, W3C),
 * where developers' tools and `performance.getEntriesByName` show it.
 */
export class SwarmTiming {
  readonly #timeline: Timeline
  #entries = 0

  constructor(components: { performance: Timeline }) {
    this.#timeline = components.performance
  }

  /** Another visitor was reached. */
  dialled({ peer, ms }: FinishedDial): void {
    if (!this.#isRoom()) return
    const end = this.#timeline.now()
    // A clock that was set in between must not make a measure that begins before the page.
    this.#timeline.measure(DIAL_MEASURE, { start: Math.max(0, end - Math.max(0, ms)), end, detail: { peer } })
  }

  /** A peer was sent away, for good or for a while. */
  banned({ peer, reason, cid, forMs }: BannedPeer): void {
    if (this.#isRoom()) this.#timeline.mark(BAN_MARK, { detail: { peer, reason, cid, forMs } })
  }

  #isRoom(): boolean {
    return ++this.#entries <= MAX_ENTRIES
  }
}
