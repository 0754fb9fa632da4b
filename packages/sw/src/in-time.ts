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

/** Asks a storage that may hang: the first question waits for the deadline, the next ones for nothing. */
export class InTime {
  readonly #clock: Clock
  readonly #init: InTimeInit
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
    const { what, timeoutMs, restMs } = this.#init
    if (this.#clock.now() < this.#restsUntil) throw new BlackholeError('unavailable', `${what} hangs`)
    const over = new AbortController()
    const answer = question()
    const deadline = this.#clock.sleep(timeoutMs, { signal: over.signal }).then(
      () => {
        this.#restsUntil = this.#clock.now() + restMs
        const awake = (): void => {
          this.#restsUntil = -Infinity
        }
        answer.then(awake, awake)
        throw new DeadlineError(what, timeoutMs)
      },
      // Nobody waits for it any more.
      () => answer,
    )
    try {
      return await Promise.race([answer, deadline])
    } finally {
      over.abort()
    }
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
