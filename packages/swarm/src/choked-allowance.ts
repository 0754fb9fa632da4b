/** Once used up, an allowance is there again after this time. */
export const ALLOWANCE_INTERVAL_MS = 10 * 60_000

/** Most peers whose use is remembered: an attacker with endless identities must not fill memory. */
const MAX_REMEMBERED = 10_000

/**
 * What peers may have although they are choked (BEP 6, "Allowed Fast"), so that a page's first pieces
 * don't wait. Kept by peer id: who comes back with a new stream goes on with what was left.
 */
export class ChokedAllowance {
  readonly #bytes: number
  readonly #used = new Map<string, { bytes: number; readonly since: number }>()

  /** @param bytes - what a peer may have while it is choked, in {@link ALLOWANCE_INTERVAL_MS} */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Bytes that a peer may still have. @param now - milliseconds */
  left(peer: string, now: number): number {
    const used = this.#used.get(peer)
    if (used === undefined || now - used.since >= ALLOWANCE_INTERVAL_MS) return this.#bytes
    return Math.max(0, this.#bytes - used.bytes)
  }

  /** A choked peer was sent this much. @param now - milliseconds */
  use(peer: string, bytes: number, now: number): void {
    const used = this.#used.get(peer)
    if (used !== undefined && now - used.since < ALLOWANCE_INTERVAL_MS) {
      used.bytes += bytes
      return
    }
    // Maps iterate in the order of insertion: the first has the oldest interval.
    this.#used.delete(peer)
    this.#used.set(peer, { bytes, since: now })
    for (const oldest of this.#used.keys()) {
      if (this.#used.size <= MAX_REMEMBERED) return
      this.#used.delete(oldest)
    }
  }
}
