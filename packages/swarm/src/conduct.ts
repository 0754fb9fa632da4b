/**
 * A peer that owes bytes which others have too is sent away after so many looks at it, each 500 ms after the one
 * before. Looks are counted and not time, so that a page that slept doesn't blame its peers.
 */
export const MAX_STALLED_LOOKS = 30

/**
 * Times that others had to bring what a peer owed for {@link LET_DOWN_MS} without a byte of it, and without one of
 * anything else since the first of these times.
 */
export const MAX_LET_DOWNS = 4

/** Below this nobody counts as stalled. */
export const LET_DOWN_MS = 1_500

/** Announced pieces that a peer may turn out to lack, beyond half as many as the requests that it answered: stores evict. */
export const MAX_LACKS = 4

/** Requests in vain that a peer may make at once, and further ones a second: a whole window of small files may be refused. */
export const MAX_FUTILE_REQUESTS = 512
export const FUTILE_REQUESTS_PER_SECOND = 32

/**
 * What a peer did that an honest one does now and then, and a hostile one all the time. Each count is one that the
 * slowest of the honest keeps: whoever sends anything is not stalled, whatever its rate.
 */
export class Conduct {
  #stalledLooks = 0
  #letDowns = 0
  #letDownAt = -Infinity
  #lacks = 0
  #futile = 0
  #futileAt = 0

  /** It owes bytes for longer than it ever took, others have them, and nothing came. @returns whether that is too long */
  stalled(): boolean {
    this.#stalledLooks += 1
    return this.#stalledLooks >= MAX_STALLED_LOOKS
  }

  /** It sent something, or said why it doesn't. */
  answered(): void {
    this.#stalledLooks = 0
    this.#letDowns = 0
  }

  /**
   * What it owed came from others. The parts of a piece come one after the other: that is one time.
   *
   * @param owedMs - for how long it had sent none of it
   * @param now - milliseconds
   * @returns whether that happened too often
   */
  letDown(owedMs: number, now: number): boolean {
    if (owedMs < LET_DOWN_MS || now - this.#letDownAt < LET_DOWN_MS) return false
    this.#letDownAt = now
    this.#letDowns += 1
    return this.#letDowns >= MAX_LET_DOWNS
  }

  /** It has not got what it announced. @returns whether that happened too often */
  lacked(): boolean {
    this.#lacks += 1
    return this.#lacks >= MAX_LACKS
  }

  /** It gave a piece that it had announced. */
  gave(): void {
    this.#lacks = Math.max(0, this.#lacks - 0.5)
  }

  /**
   * It asked for what it can't get: a block that we lack, or anything while it is choked.
   *
   * @param now - milliseconds
   * @returns whether it does so all the time
   */
  askedInVain(now: number): boolean {
    const left = Math.max(0, this.#futile - ((now - this.#futileAt) / 1000) * FUTILE_REQUESTS_PER_SECOND)
    this.#futileAt = now
    this.#futile = left + 1
    return this.#futile > MAX_FUTILE_REQUESTS
  }
}
