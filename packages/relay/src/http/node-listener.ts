import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { DRAIN_TIMEOUT_MS } from '../limits.ts'
import { ChunkedResponse } from './chunked-response.ts'
import { IncomingRequest } from './incoming-request.ts'
import { sendBody } from './send-body.ts'
import { beginAnswer } from './uplink-answers.ts'
import type { Uplink } from './uplink.ts'

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
 *
 * @param uplink - the line that all answers share, where its capacity is known
 */
export function nodeListener(
  handler: FetchHandler,
  log: Logger,
  uplink?: Uplink,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = requestOf(incoming, outgoing)
    if (request === undefined) {
      outgoing.writeHead(400, { Connection: 'close' }).end()
      return
    }
    await send(await handler(request, { incoming, outgoing }), outgoing, uplink)
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
function requestOf(incoming: IncomingMessage, outgoing: ServerResponse): Request | undefined {
  const { url = '/', headers } = incoming
  // A target that begins with two slashes is a path, not another host.
  const path = url.startsWith('/') ? url : /^https?:\/\/[^/?#]*(\/[^#]*)?$/i.exec(url)?.[1]
  if (path === undefined) return undefined
  try {
    return new IncomingRequest(`http://${headers.host ?? 'localhost'}${path}`, incoming, outgoing)
  } catch {
    return undefined
  }
}

async function send(response: Response, outgoing: ServerResponse, uplink: Uplink | undefined): Promise<void> {
  outgoing.statusCode = response.status
  outgoing.setHeaders(response.headers)
  const chunks = response instanceof ChunkedResponse ? response.chunks : response.body
  // Whoever has gone meanwhile takes no turn: the end of the answer is past.
  if (chunks !== null && outgoing.req.method !== 'HEAD' && !outgoing.destroyed) {
    const turns = uplink === undefined ? undefined : beginAnswer(uplink, response.headers, outgoing.req.url ?? '/')
    outgoing.once('close', () => turns?.end(outgoing.writableFinished))
    return sendBody(chunks, outgoing, turns)
  }
  await (chunks instanceof ReadableStream ? chunks.cancel() : chunks?.return(undefined))
  outgoing.end()
}

/** Reads on what is left of a request that was answered early, for a moment: a client reads the answer when it has sent all. */
function drain(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.destroyed) return
  incoming.resume()
  const timer = setTimeout(() => incoming.destroy(), DRAIN_TIMEOUT_MS)
  timer.unref()
  incoming.once('close', () => {
    clearTimeout(timer)
  })
}
