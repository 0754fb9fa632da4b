import { DeadlineError } from '@blackhole/protocol'

/** Ends what makes no progress for a while, and what takes too long in all, though some of it comes. */
export class StallTimer {
  readonly #controller = new AbortController()
  readonly #ms: number
  readonly #what: string
  readonly #last: ReturnType<typeof setTimeout>
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * @param ms - without progress
   * @param mostMs - in all
   * @param what - whose bytes are waited for; names it in the error
   */
  constructor(ms: number, mostMs: number, what: string) {
    this.#ms = ms
    this.#what = what
    this.#last = this.#abortAfter(mostMs)
    this.moved()
  }

  /** Aborted with a {@link DeadlineError} when nothing has moved for so long. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Something came: it has as long again. */
  moved(): void {
    clearTimeout(this.#timer)
    this.#timer = this.#abortAfter(this.#ms)
  }

  /** It is over. */
  end(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#last)
  }

  #abortAfter(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.#controller.abort(new DeadlineError(`An answer of ${this.#what}`, ms))
    }, ms)
  }
}
