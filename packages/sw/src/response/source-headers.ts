import type { Source } from '@blackhole/protocol'

/** Value of `X-Blackhole-Source`. */
export type ResponseSource = Source | 'mixed'

/**
 * Where a response comes from, as its head can say it. A body of one piece is
 * told exactly. Of a longer one the head goes out before the last pieces have
 * come: it is `local` when all are here, `mixed` when some are, and otherwise
 * what delivered the first piece. The counters are exact in every case.
 *
 * @param first - what delivered the first piece; undefined when there is no body
 * @param stored - for each piece, whether it was in this browser's store
 */
export function sourceOf(first: Source | undefined, stored: readonly boolean[]): ResponseSource {
  const here = stored.filter(Boolean).length
  if (first === undefined || (here === stored.length && first === 'local')) return 'local'
  return here > 0 && stored.length > 1 ? 'mixed' : first
}

/** Sets the headers that say where a response came from and how long its first byte took. */
export function setSourceHeaders(headers: Headers, source: ResponseSource, durationMs: number): void {
  headers.set('X-Blackhole-Source', source)
  headers.append('Server-Timing', `blackhole;desc="${source}";dur=${durationMs.toFixed(1)}`)
}

/** Statuses whose responses have no body and can't be constructed with one (Fetch, "null body status"). */
const NULL_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])

/**
 * Someone else's response with our headers. Its body is passed on as a stream:
 * `copyResponse` of workbox-core would read it into memory first. Responses
 * that can't be copied without losing what they are (opaque, redirected,
 * those of navigations) stay as they are.
 */
export function labelled(request: Request, response: Response, source: ResponseSource, durationMs: number): Response {
  const { status, statusText } = response
  if (!['basic', 'default'].includes(response.type) || response.redirected || request.mode === 'navigate')
    return response
  const headers = new Headers(response.headers)
  setSourceHeaders(headers, source, durationMs)
  return new Response(NULL_BODY.has(status) ? null : response.body, { status, statusText, headers })
}
