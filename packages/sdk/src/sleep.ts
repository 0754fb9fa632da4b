/** Whether a signal is aborted now; after an `await` the compiler still believes what it was before. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

/**
 * Waits.
 *
 * @throws the signal's reason as soon as it is aborted
 */
export async function sleep(ms: number, options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
  const { signal } = options
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => {
    resolve(undefined)
  }, ms)
  const onAbort = (): void => {
    reject(signal?.reason as Error)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * Waits for something that can't be called off.
 *
 * @throws the signal's reason as soon as it is aborted
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => {
    aborted.reject(signal.reason as Error)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
