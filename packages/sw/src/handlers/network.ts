import type { WorkerConfig } from '../config.ts'
import { setSourceHeaders } from '../response/source-headers.ts'
import type { Handler } from './handler.ts'

/** What the network handler works with. */
export interface NetworkComponents {
  fetch: (request: Request) => Promise<Response>
  now: () => number
  readonly config: Pick<WorkerConfig, 'mode'>
}

/** Statuses whose responses have no body and can't be constructed with one (Fetch, "null body status"). */
const NULL_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])

/**
 * The origin's own answer, untouched but for the headers that say so. On a
 * hosted site nothing else answers than the relay, so a failure is passed on
 * to be explained; an origin's failure is its own.
 */
export function networkHandler({ fetch, now, config }: NetworkComponents): Handler {
  return {
    name: 'network',
    canHandle: () => true,
    async handle({ request }) {
      const began = now()
      try {
        return labelled(request, await fetch(request), now() - began)
      } catch (error) {
        if (config.mode === 'tag' || request.signal.aborted) throw error
        return undefined
      }
    },
  }
}

/**
 * The same response with our headers. Its body is passed on as a stream:
 * `copyResponse` of workbox-core would read it into memory first.
 */
function labelled(request: Request, response: Response, durationMs: number): Response {
  const { status, statusText } = response
  // Opaque and redirected responses can't be copied without losing what they are.
  if (response.type !== 'basic' || response.redirected || request.mode === 'navigate') return response
  const headers = new Headers(response.headers)
  setSourceHeaders(headers, 'http', durationMs)
  return new Response(NULL_BODY.has(status) ? null : response.body, { status, statusText, headers })
}
