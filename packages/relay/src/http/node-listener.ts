import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Logger } from 'pino'
import { ANSWER_SLICE_BYTES, DRAIN_TIMEOUT_MS } from '../limits.ts'

/** Node's own objects behind a request. */
export interface HttpBindings {
  incoming: IncomingMessage
  outgoing: ServerResponse
}

/** What answers requests. */
export type FetchHandler = (request: Request, bindings: HttpBindings) => Response | Promise<Response>

/**
 * Lets a fetch handler answer requests of a Node server, with backpressure
 * both ways. A body that fails on its way destroys the connection: adapters
 * that end the response instead would make half a file look whole.
 */
export function nodeListener(
  handler: FetchHandler,
  log: Logger,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    outgoing.once('close', () => {
      gone.abort()
    })
    const request = requestOf(incoming, gone.signal)
    if (request === undefined) {
      outgoing.writeHead(400, { Connection: 'close' }).end()
      return
    }
    await send(await handler(request, { incoming, outgoing }), outgoing)
    drain(incoming)
  }
  return (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      if (!outgoing.closed) log.warn({ err: error, url: incoming.url?.slice(0, 200) }, 'an answer was cut short')
      outgoing.destroy()
    })
  }
}

/** The request as `fetch` has it; undefined when its target or headers are malformed. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', headers } = incoming
  // A target that begins with two slashes is a path, not another host.
  const path = url.startsWith('/') ? url : /^https?:\/\/[^/?#]*(\/[^#]*)?$/i.exec(url)?.[1]
  if (path === undefined) return undefined
  try {
    const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(incoming)
    return new Request(`http://${headers.host ?? 'localhost'}${path}`, {
      method,
      headers: headersOf(incoming.rawHeaders),
      signal,
      body,
      ...(body === null ? {} : { duplex: 'half' }),
    })
  } catch {
    return undefined
  }
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

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status
  outgoing.setHeaders(response.headers)
  if (response.body === null || outgoing.req.method === 'HEAD') {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  await pipeline(slicesOf(response.body), outgoing)
}

/**
 * A body in slices, each asked for when the one before was taken: an answer
 * holds one piece of content and no other ahead, and a slow reader of it is
 * seen to move (`StalledAnswers`).
 */
async function* slicesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; at += ANSWER_SLICE_BYTES) yield chunk.subarray(at, at + ANSWER_SLICE_BYTES)
  }
}

/** Reads on what is left of a request that was answered early, for a moment: a client reads the answer when it has sent all. */
function drain(incoming: IncomingMessage): void {
  if (incoming.readableEnded || incoming.destroyed) return
  incoming.resume()
  const timer = setTimeout(() => incoming.destroy(), DRAIN_TIMEOUT_MS)
  timer.unref()
  incoming.once('close', () => {
    clearTimeout(timer)
  })
}
