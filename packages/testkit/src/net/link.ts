/** What {@link Link} works with. */
export interface LinkComponents {
  /** Milliseconds that only rise: `performance.now`. */
  readonly now: () => number
}

/** Options of {@link Link}. */
export interface LinkInit {
  /** Bytes per second; Infinity for no limit. */
  readonly bytesPerSecond: number
  /** Time from the last byte sent to its arrival. */
  readonly latencyMs: number
}

/**
 * One direction of a network link: bytes leave one after the other at the
 * link's rate and arrive later by its latency, in order. All connections over
 * the link share its rate, first come first served.
 *
 * Times are kept absolutely, so that timers that fire late do not add up:
 * the average rate is exact.
 */
export class Link {
  readonly #components: LinkComponents
  readonly #init: LinkInit
  readonly #queue: { due: number; deliver: () => void }[] = []
  #freeAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(components: LinkComponents, init: LinkInit) {
    this.#components = components
    this.#init = init
  }

  /** Puts bytes on the link; `deliver` runs when they have arrived. */
  send(bytes: number, deliver: () => void): void {
    const start = Math.max(this.#freeAt, this.#components.now())
    this.#freeAt = start + (bytes / this.#init.bytesPerSecond) * 1000
    this.#queue.push({ due: this.#freeAt + this.#init.latencyMs, deliver })
    this.#schedule()
  }

  /** Drops what is under way. */
  close(): void {
    clearTimeout(this.#timer)
    this.#queue.length = 0
  }

  #schedule(): void {
    const [first] = this.#queue
    if (this.#timer !== undefined || first === undefined) return
    const waitMs = Math.max(0, first.due - this.#components.now())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#deliverDue()
      this.#schedule()
    }, waitMs)
  }

  #deliverDue(): void {
    // Timers have whole milliseconds: what is due within the next half is due now.
    const until = this.#components.now() + 0.5
    const waiting = this.#queue.findIndex(({ due }) => due > until)
    for (const { deliver } of this.#queue.splice(0, waiting === -1 ? this.#queue.length : waiting)) deliver()
  }
}
