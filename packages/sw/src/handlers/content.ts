import type { Source } from '@blackhole/protocol'
import type { VerifiedFetch } from '@helia/verified-fetch'
import type { WorkerConfig } from '../config.ts'
import { BlockSourceEvent } from '../helia/swarm-broker.ts'
import { reportBrokenBody } from '../response/broken-body.ts'
import { setSourceHeaders } from '../response/source-headers.ts'
import type { ResponseSource } from '../response/source-headers.ts'
import type { Outgoing } from '../upkeep/stay-awake.ts'
import { isContentPath, sandbox } from './content-path.ts'
import type { Handler, SiteRequest } from './handler.ts'

/** What the content handler works with. */
export interface ContentHandlerComponents {
  readonly config: Pick<WorkerConfig, 'mode'>
  /** Verified fetch, made on first use. */
  contentFetch: () => Promise<VerifiedFetch>
  now: () => number
  count: (source: Source, bytes: number) => void
  outgoing: Outgoing
}

/** Anything under `/ipfs/` and `/ipns/`, verified block by block, and sandboxed: whose it is nobody knows. */
export function contentHandler(components: ContentHandlerComponents): Handler {
  return {
    name: 'content',
    // A name with a dot is a DNSLink name, and those only relays resolve.
    canHandle: ({ url }) =>
      isContentPath(url.pathname, components.config.mode) && !/^\/ipns\/[^/]*\./.test(url.pathname),
    async handle(request) {
      const response = await answerContent(components, request)
      if (response !== undefined) sandbox(response.headers)
      return response
    },
  }
}

/**
 * Answers a request with content that is named by CID.
 *
 * @param path - `/ipfs/CID/…` or `/ipns/NAME/…`, percent-encoded. Default: the request's own
 * @returns undefined when nobody has it, or it is nothing that can be shown; with a tag, whenever it is not found as it
 *   was asked for, since the path may be the origin's own
 */
export async function answerContent(
  { config, contentFetch, now, count, outgoing }: ContentHandlerComponents,
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
  // Nobody had it, or it is nothing that can be shown: the relay, or the origin, may know better.
  if (response.status >= 500 || (config.mode === 'tag' && !response.ok && response.status !== 304)) {
    await response.body?.cancel()
    return undefined
  }
  const headers = new Headers(response.headers)
  setSourceHeaders(headers, combine(sources), now() - began)
  const onFailed = (error: unknown, delivered: number): void => {
    reportBrokenBody({ url: url.href, delivered, promised: Number(headers.get('Content-Length') ?? NaN), error })
  }
  const { body, taken } = response.body === null ? { body: null } : outgoing(response.body, onFailed)
  if (taken !== undefined) waitUntil(taken)
  return new Response(body, { status: response.status, statusText: response.statusText, headers })
}

function combine(sources: ReadonlySet<Source>): ResponseSource {
  const [only, ...more] = sources
  return more.length > 0 ? 'mixed' : (only ?? 'local')
}
