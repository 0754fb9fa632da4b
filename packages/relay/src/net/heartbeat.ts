/** What a {@link Heartbeat} looks after. */
export interface Beating {
  ping(): void
}

/** Options of {@link Heartbeat}. */
export interface HeartbeatInit {
  /** Each is pinged this often. */
  readonly intervalMs: number
  /** So many parts of them one after the other, so that the pings of thousands do not go out in one moment. */
  readonly parts: number
}

/** Pings connections by one timer for all: one for each would cost more memory than the rest of a ping. */
export class Heartbeat {
  readonly #parts: readonly Set<Beating>[]
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  #turn = 0
  #joins = 0

  constructor({ intervalMs, parts }: HeartbeatInit) {
    this.#parts = Array.from({ length: parts }, () => new Set())
    this.#everyMs = intervalMs / parts
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.beat()
    }, this.#everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Pings the part whose turn it is. */
  beat(): void {
    this.#turn = (this.#turn + 1) % this.#parts.length
    for (const each of this.#parts[this.#turn] ?? []) each.ping()
  }

  /**
   * Pings it at once, and from then on in its turn.
   *
   * @returns ends that
   */
  add(each: Beating): () => void {
    this.#joins = (this.#joins + 1) % this.#parts.length
    const part = this.#parts[this.#joins]
    part?.add(each)
    each.ping()
    return () => part?.delete(each)
  }
}
