/** Time over which rates are averaged: BEP 3 suggests 20 s for choking. */
const WINDOW_MS = 20_000

/** A rate that fades: bytes count less the longer they are ago. */
export class RateMeter {
  #bytes = 0
  #at = 0

  add(bytes: number, now: number): void {
    this.#fade(now)
    this.#bytes += bytes
  }

  /** Bytes per second, averaged over about 20 s. */
  rate(now: number): number {
    this.#fade(now)
    return this.#bytes / (WINDOW_MS / 1000)
  }

  #fade(now: number): void {
    const elapsed = Math.max(0, now - this.#at)
    this.#bytes *= Math.exp(-elapsed / WINDOW_MS)
    this.#at = now
  }
}
