import { setSourceHeaders } from '../response/source-headers.ts'
import type { SiteRequest } from './handler.ts'

/** In the query of a request (`?blackhole=network`) that is left to the browser, whatever else holds. */
const MARK = { name: 'blackhole', value: 'network' } as const

/** A response of this size may take longer than Firefox lets a worker stream by itself: a minute, at a megabit a second. */
const LONG_BYTES = 8 * 1024 * 1024

/** Whether a response may take longer than the worker lives, and can be sent past it. */
export function mayOutlast({ navigates, url }: Pick<SiteRequest, 'navigates' | 'url'>, bytes: number): boolean {
  return navigates && bytes > LONG_BYTES && !isForNetwork(url)
}

/** Whether a request was sent past the worker by {@link toNetwork}. */
export function isForNetwork(url: URL): boolean {
  return url.searchParams.get(MARK.name) === MARK.value
}

/**
 * Sends a navigation past the worker, by the only way there is once it has
 * been taken: a redirect to the same file, with a mark.
 */
export function toNetwork({ url }: Pick<SiteRequest, 'url'>): Response {
  const target = new URL(url)
  target.searchParams.append(MARK.name, MARK.value)
  const headers = new Headers({ Location: target.href, 'Cache-Control': 'no-store' })
  setSourceHeaders(headers, 'http', 0)
  return new Response(null, { status: 307, headers })
}
