import type { Source } from '@blackhole/protocol'
import type { VerifiedFetch } from '@helia/verified-fetch'
import { BlockSourceEvent } from '../helia/swarm-broker.ts'
import { setSourceHeaders } from '../response/source-headers.ts'
import type { ResponseSource } from '../response/source-headers.ts'
import type { WatchedBody } from '../response/watched-body.ts'
import { isContentPath } from './bypass.ts'
import type { Handler, SiteRequest } from './handler.ts'

/** What the content handler works with. */
export interface ContentHandlerComponents {
  /** Verified fetch, made on first use. */
  contentFetch: () => Promise<VerifiedFetch>
  now: () => number
  count: (source: Source, bytes: number) => void
  /** The body as it may go out; `taken` where it matters when its reader has taken all of it. */
  outgoing: (body: WatchedBody['body']) => Partial<WatchedBody> & Pick<WatchedBody, 'body'>
}

/** Anything under `/ipfs/` and `/ipns/`, verified block by block. */
export function contentHandler(components: ContentHandlerComponents): Handler {
  return {
    name: 'content',
    // A name with a dot is a DNSLink name, and those only relays resolve.
    canHandle: ({ url }) => isContentPath(url.pathname) && !/^\/ipns\/[^/]*\./.test(url.pathname),
    handle: (request) => answerContent(components, request),
  }
}

/**
 * Answers a request with content that is named by CID.
 *
 * @param path - `/ipfs/CID/…` or `/ipns/NAME/…`, percent-encoded. Default: the request's own
 * @returns undefined when nobody has it, or it is nothing that can be shown
 */
export async function answerContent(
  { contentFetch, now, count, outgoing }: ContentHandlerComponents,
  { request, url, waitUntil }: SiteRequest,
  path = url.pathname + url.search,
): Promise<Response | undefined> {
  const began = now()
  const sources = new Set<Source>()
  const fetch = await contentFetch()
  const response = await fetch(path, {
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    // One swarm and a few relays: there are no providers to be found and remembered.
    session: false,
    redirect: 'manual',
    onProgress: (event) => {
      if (!(event instanceof BlockSourceEvent)) return
      sources.add(event.detail.source)
      count(event.detail.source, event.detail.bytes)
    },
  })
  // Nobody had it, or it is nothing that can be shown: the relay may know better.
  if (response.status >= 500) return undefined
  const headers = new Headers(response.headers)
  setSourceHeaders(headers, combine(sources), now() - began)
  const { body, taken } = response.body === null ? { body: null } : outgoing(response.body)
  if (taken !== undefined) waitUntil(taken)
  return new Response(body, { status: response.status, statusText: response.statusText, headers })
}

function combine(sources: ReadonlySet<Source>): ResponseSource {
  const [only, ...more] = sources
  return more.length > 0 ? 'mixed' : (only ?? 'local')
}
