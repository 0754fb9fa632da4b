/** Status and headers, as `Response` takes them. */
type ResponseInit = ConstructorParameters<typeof Response>[1]

/**
 * A response whose body is made as it is taken, so that a slow reader costs
 * no memory, and which gives its chunks to who sends them as they are: a web
 * stream in between costs more than all the rest of the answer. An error on
 * the way resets the connection: what was cut short never looks complete.
 */
export class ChunkedResponse extends Response {
  static {
    // `body` is an accessor of Response, which the types take for a property that none may override.
    Object.defineProperty(this.prototype, 'body', {
      configurable: true,
      get(this: ChunkedResponse) {
        return (this.#body ??= streamOf(this.chunks))
      },
    })
  }

  /** The body, for who sends it: to be taken once, here or by `body`, where it is a stream for who makes another response of it. */
  readonly chunks: AsyncGenerator<Uint8Array>
  #body: ReadableStream<Uint8Array> | undefined

  constructor(chunks: AsyncGenerator<Uint8Array>, init?: ResponseInit) {
    super(null, init)
    this.chunks = chunks
  }
}

/** A stream that asks for a chunk when one is asked of it, and lets the rest go when it is cancelled. */
export function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
