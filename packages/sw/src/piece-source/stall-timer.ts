import { DeadlineError } from '@blackhole/protocol'

/** Ends what makes no progress for a while; however long it takes in all. */
export class StallTimer {
  readonly #controller = new AbortController()
  readonly #ms: number
  readonly #what: string
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param what - whose bytes are waited for; names it in the error */
  constructor(ms: number, what: string) {
    this.#ms = ms
    this.#what = what
    this.moved()
  }

  /** Aborted with a {@link DeadlineError} when nothing has moved for so long. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Something came: it has as long again. */
  moved(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DeadlineError(`An answer of ${this.#what}`, this.#ms))
    }, this.#ms)
  }

  /** It is over. */
  end(): void {
    clearTimeout(this.#timer)
  }
}
