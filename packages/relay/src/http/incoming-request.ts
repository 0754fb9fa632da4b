import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * The request as `fetch` has it. Its signal, which few ask for, is made when
 * it is asked for: wiring one up costs a tenth of answering a small file.
 */
export class IncomingRequest extends Request {
  static {
    // `signal` is an accessor of Request, which the types take for a property that none may override.
    Object.defineProperty(this.prototype, 'signal', {
      configurable: true,
      get(this: IncomingRequest) {
        return (this.#signal ??= goneSignal(this.#outgoing))
      },
    })
  }

  readonly #outgoing: ServerResponse
  #signal: AbortSignal | undefined

  /** @throws {TypeError} when a header or the URL is malformed */
  constructor(url: string, incoming: IncomingMessage, outgoing: ServerResponse) {
    const { method = 'GET' } = incoming
    const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(incoming)
    super(url, {
      method,
      headers: headersOf(incoming.rawHeaders),
      body,
      ...(body === null ? {} : { duplex: 'half' }),
    })
    this.#outgoing = outgoing
  }
}

/** Aborts when the client leaves before it has the whole answer. */
function goneSignal(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController()
  const leave = (): void => {
    if (!outgoing.writableFinished) gone.abort()
  }
  if (outgoing.destroyed) leave()
  else outgoing.once('close', leave)
  return gone.signal
}

function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers()
  for (let at = 0; at + 1 < raw.length; at += 2) headers.append(raw[at] ?? '', raw[at + 1] ?? '')
  return headers
}

/** The body, read as it is taken, so that a refused upload is not read at all. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        chunks ??= incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>
        const next = await chunks.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await chunks?.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
