/** A body that is told of from outside. */
export interface WatchedBody {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Resolves once the reader has taken the last bytes, or there will be none. */
  readonly taken: Promise<unknown>
}

/** Is told why a body was made to fail, and how many bytes had gone out. */
export type OnFailed = (reason: unknown, delivered: number) => void

/** What goes out at a time: as much as Firefox holds between the worker and a reader, so that the rest can still fail. */
const PART_BYTES = 64 * 1024

/**
 * A body that fails when the signal is aborted, also in the middle of a piece.
 * It ends only when it is asked for more after its last bytes, which is when
 * they have left the worker.
 *
 * @param onFailed - the signal was aborted before that. A body that fails by itself is its maker's to tell of
 */
export function watchedBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
  onFailed: OnFailed = () => undefined,
): WatchedBody {
  const reader = body.getReader()
  const taken = Promise.withResolvers<undefined>()
  let rest: Uint8Array<ArrayBuffer> | undefined
  let delivered = 0
  let over = false
  const end = (): void => {
    over = true
    taken.resolve(undefined)
  }

  const watched = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(stream) {
        const fail = (): void => {
          if (over) return
          stream.error(signal.reason)
          end()
          onFailed(signal.reason, delivered)
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
              end()
              return
            }
            rest = value
          }
          const part = rest.subarray(0, PART_BYTES)
          stream.enqueue(part)
          delivered += part.byteLength
          rest = rest.subarray(PART_BYTES)
        } catch (error) {
          end()
          stream.error(error)
        }
      },
      async cancel(reason) {
        end()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return { body: watched, taken: taken.promise }
}
