import { BlackholeError, DeadlineError } from '@blackhole/protocol'
import type { Clock } from './clock.ts'

/** Options of {@link InTime}. */
export interface InTimeInit {
  /** What is asked, for the error. */
  readonly what: string
  /** An answer that takes longer is not waited for. */
  readonly timeoutMs: number
  /** Nothing more is asked for so long after that, unless the late answer comes. */
  readonly restMs: number
}

/** Defaults of {@link InTimeInit}: a busy disk takes a second at times; IndexedDB that hangs does so for minutes. */
export const IN_TIME_DEFAULTS: Omit<InTimeInit, 'what'> = Object.freeze({ timeoutMs: 5_000, restMs: 60_000 })

/** A question that was not answered yet. */
interface Waiting {
  readonly since: number
  readonly reject: (reason: Error) => void
  isLate: boolean
}

/**
 * Asks a storage that may hang: the first question waits for the deadline, the next ones for nothing. One timer is for
 * all of them, as there is a question for each small file.
 */
export class InTime {
  readonly #clock: Clock
  readonly #init: InTimeInit
  /** In the order in which they were asked. */
  readonly #waiting = new Set<Waiting>()
  #watching = false
  #restsUntil = -Infinity

  constructor({ clock }: { readonly clock: Clock }, init: Pick<InTimeInit, 'what'> & Partial<InTimeInit>) {
    this.#clock = clock
    this.#init = { ...IN_TIME_DEFAULTS, ...init }
  }

  /**
   * The answer.
   *
   * @throws {DeadlineError} when it takes too long
   * @throws {BlackholeError} `unavailable` when one took too long a short while ago
   * @throws what the question rejects with
   */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    const now = this.#clock.now()
    // Not when the clock was set back.
    const restsMs = this.#restsUntil - now
    if (restsMs > 0 && restsMs <= this.#init.restMs) throw new BlackholeError('unavailable', `${this.#init.what} hangs`)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const waiting: Waiting = { since: now, reject, isLate: false }
    const settled = (): void => {
      this.#waiting.delete(waiting)
      if (waiting.isLate) this.#restsUntil = -Infinity
    }
    this.#waiting.add(waiting)
    if (!this.#watching) void this.#watch()
    void (async () => await question())().then(resolve, reject).finally(settled)
    return await promise
  }

  /** Until nothing waits. */
  async #watch(): Promise<void> {
    const { what, timeoutMs, restMs } = this.#init
    this.#watching = true
    for (let [oldest] = this.#waiting; oldest !== undefined; [oldest] = this.#waiting) {
      const left = oldest.since + timeoutMs - this.#clock.now()
      if (left > 0) {
        // The clock may have been set back.
        await this.#clock.sleep(Math.min(left, timeoutMs))
        continue
      }
      this.#waiting.delete(oldest)
      oldest.isLate = true
      this.#restsUntil = this.#clock.now() + restMs
      oldest.reject(new DeadlineError(what, timeoutMs))
    }
    this.#watching = false
  }
}

/** The same thing, with these of its methods asked through an {@link InTime}. */
export function inTime<T extends object>(inner: T, methods: readonly (keyof T)[], asked: InTime): T {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      const call = member.bind(target) as (...args: unknown[]) => Promise<unknown>
      return methods.includes(name as keyof T) ? (...args: unknown[]) => asked.ask(() => call(...args)) : call
    },
  })
}
