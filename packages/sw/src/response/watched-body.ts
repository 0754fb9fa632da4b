/** A body that is told of from outside. */
export interface WatchedBody {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Resolves once the reader has taken the last bytes, or there will be none. */
  readonly taken: Promise<unknown>
}

/** What goes out at a time: as much as Firefox holds between the worker and a reader, so that the rest can still fail. */
const PART_BYTES = 64 * 1024

/**
 * A body that fails when the signal is aborted, also in the middle of a piece.
 * It ends only when it is asked for more after its last bytes, which is when
 * they have left the worker.
 */
export function watchedBody(body: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): WatchedBody {
  const reader = body.getReader()
  const taken = Promise.withResolvers<undefined>()
  let rest: Uint8Array<ArrayBuffer> | undefined

  const watched = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(stream) {
        const fail = (): void => {
          stream.error(signal.reason)
          taken.resolve(undefined)
          reader.cancel(signal.reason).catch(() => undefined)
        }
        signal.addEventListener('abort', fail, { once: true })
      },
      async pull(stream) {
        try {
          while (rest === undefined || rest.byteLength === 0) {
            const { done, value } = await reader.read()
            if (done) {
              stream.close()
              taken.resolve(undefined)
              return
            }
            rest = value
          }
          stream.enqueue(rest.subarray(0, PART_BYTES))
          rest = rest.subarray(PART_BYTES)
        } catch (error) {
          taken.resolve(undefined)
          stream.error(error)
        }
      },
      async cancel(reason) {
        taken.resolve(undefined)
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return { body: watched, taken: taken.promise }
}
