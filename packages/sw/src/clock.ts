/** Time, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after so many milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, options?: { signal?: AbortSignal | undefined }): Promise<void>
}

/** The platform's time. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  sleep: (ms: number, { signal }: { signal?: AbortSignal | undefined } = {}) =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted()
      const done = (): void => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      }
      const timer = setTimeout(done, ms)
      const aborted = (): void => {
        clearTimeout(timer)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', aborted, { once: true })
    }),
})

/**
 * The promise's result, or undefined when it takes longer than `ms`. The
 * promise goes on: pass it a signal to end it too.
 */
export async function withinMs<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  const over = new AbortController()
  try {
    return await Promise.race([
      promise,
      clock.sleep(ms, { signal: over.signal }).then(
        () => undefined,
        () => undefined,
      ),
    ])
  } finally {
    over.abort()
  }
}
