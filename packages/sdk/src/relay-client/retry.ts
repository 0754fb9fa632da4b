import { BlackholeError, type Reason } from '@blackhole/protocol'
import { sleep } from '../sleep.ts'

/** Failures that may pass by themselves. */
const PASSING: ReadonlySet<Reason> = new Set<Reason>(['unavailable', 'timeout'])

/** Options of {@link retry}. */
export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** Tries in all. */
  readonly attempts: number
  /** Wait before the second try; doubles each time, with up to half of it added at random. */
  readonly delayMs: number
  readonly random: () => number
}

/** Tries again what failed for a reason that may pass by itself: a relay that restarts, a network that changes. */
export async function retry<T>(task: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, attempts, delayMs, random } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await task()
    } catch (error) {
      signal?.throwIfAborted()
      if (attempt >= attempts || !(error instanceof BlackholeError) || !PASSING.has(error.reason)) throw error
      await sleep(delayMs * 2 ** (attempt - 1) * (1 + random() / 2), { signal })
    }
  }
}
