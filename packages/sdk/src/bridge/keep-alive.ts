import { KEEP_ALIVE_MS } from '@blackhole/protocol'
import type { KeepAliveMessage } from '@blackhole/protocol'

/**
 * Posts to the worker every {@link KEEP_ALIVE_MS} while it is in the middle of
 * a response: port messages don't count as events for a worker's life time,
 * and Firefox ends a worker 30 s after its last event even while it streams.
 */
export class KeepAlive {
  readonly #post: (message: KeepAliveMessage) => void
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(post: (message: KeepAliveMessage) => void) {
    this.#post = post
  }

  /** Starts or stops posting. */
  set(busy: boolean): void {
    if (!busy) {
      clearInterval(this.#timer)
      this.#timer = undefined
    } else {
      this.#timer ??= setInterval(() => {
        this.#post({ type: 'blackhole:alive' })
      }, KEEP_ALIVE_MS)
    }
  }
}
