import { injectLoader, loaderTag } from '@blackhole/site'
import type { WorkerConfig } from '../config.ts'
import { LOADER_VARIANT, isHtml } from '../response/document.ts'
import { labelled, setSourceHeaders } from '../response/source-headers.ts'
import { isContentPath } from './content-path.ts'
import type { Handler } from './handler.ts'

/** What the network handler works with. */
export interface NetworkComponents {
  fetch: (request: Request) => Promise<Response>
  now: () => number
  readonly config: Pick<WorkerConfig, 'mode' | 'site'>
}

/**
 * The origin's own answer, untouched but for the headers that say so. On a
 * hosted site nothing else answers than the relay, so a failure is passed on
 * to be explained, and a document gets its loader tag here: the relay can't
 * tell a navigation that comes through a worker (`Sec-Fetch-Dest` is `empty`
 * then). An origin's failure is its own.
 */
export function networkHandler({ fetch, now, config }: NetworkComponents): Handler {
  return {
    name: 'network',
    canHandle: () => true,
    async handle({ request, url, navigates }) {
      const began = now()
      try {
        const response = await fetch(request)
        if (navigates && config.mode === 'hosted' && !isContentPath(url.pathname, config.mode))
          return withLoader(response, loaderTag(config.site), (headers) =>
            setSourceHeaders(headers, 'http', now() - began),
          )
        return labelled(request, response, 'http', now() - began)
      } catch (error) {
        if (config.mode === 'tag' || request.signal.aborted) throw error
        return undefined
      }
    },
  }
}

/** A document with the tag; anything else as it is. */
function withLoader(response: Response, tag: string, label: (headers: Headers) => void): Response {
  const { body, status, statusText, type, redirected } = response
  if (body === null || !['basic', 'default'].includes(type) || redirected) return response
  if (!isHtml({ type: response.headers.get('Content-Type') ?? '' })) return response
  // An explanation of the relay's own, which lets no script run.
  if (response.headers.get('Content-Security-Policy')?.startsWith("default-src 'none'") === true) return response
  const headers = new Headers(response.headers)
  const etag = headers.get('ETag')
  // Of the bytes as they were sent.
  for (const name of ['Content-Length', 'Content-Encoding', 'ETag']) headers.delete(name)
  if (etag?.endsWith('"') === true) headers.set('ETag', `${etag.slice(0, -1)}-${LOADER_VARIANT}"`)
  label(headers)
  return new Response(injectLoader(body, tag), { status, statusText, headers })
}
