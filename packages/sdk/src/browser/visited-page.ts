import { sleep } from '../sleep.ts'
import type { VisitedPage } from '../ahead/next-page/prefetcher.ts'

/** After `load` a page gets this long for what its scripts still do, before anything is fetched ahead. */
const SETTLE_MS = 2_000
/** An idle moment is waited for so long; a page that never rests has none to spare for a guess. */
const IDLE_TIMEOUT_MS = 30_000
/** Links and files that are looked at. */
const MAX_ENTRIES = 500

/** The document, its links and its timeline, as the prefetcher needs them. */
export function visitedPage(document: Document): VisitedPage {
  const { origin, pathname } = location
  const own = (urls: Iterable<string>): string[] =>
    [...urls].slice(0, MAX_ENTRIES).flatMap((href) => {
      const url = URL.parse(href)
      return url?.origin === origin ? [url.pathname] : []
    })
  return {
    pathname,
    referrer: own([document.referrer])[0],
    links: () => own([...document.links].map(({ href }) => href)),
    loaded: () => own(performance.getEntriesByType('resource').map(({ name }) => name)),
    assets: (html, path) => own(namedIn(html, new URL(path, origin))),
    idle,
  }
}

/** Scripts, styles and images that a document names. It is parsed only: nothing of it runs or is loaded. */
function namedIn(html: string, base: URL): string[] {
  const parsed = new DOMParser().parseFromString(html, 'text/html')
  const named = [...parsed.querySelectorAll('script[src], img[src], link[rel~="stylesheet"][href]')]
  return named.flatMap((element) => {
    const url = URL.parse(element.getAttribute('src') ?? element.getAttribute('href') ?? '', base)
    return url === null ? [] : [url.href]
  })
}

async function idle({ signal }: { signal: AbortSignal }): Promise<void> {
  if (document.readyState !== 'complete') {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    addEventListener(
      'load',
      () => {
        resolve(undefined)
      },
      { once: true, signal },
    )
    await promise
  }
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  await sleep(Math.max(0, (navigation?.loadEventEnd ?? 0) + SETTLE_MS - performance.now()), { signal })
  // Safari has no idle callbacks.
  const { requestIdleCallback } = globalThis as { requestIdleCallback?: typeof globalThis.requestIdleCallback }
  if (requestIdleCallback === undefined) return
  await new Promise<void>((resolve, reject) => {
    requestIdleCallback(
      ({ didTimeout }) => {
        if (didTimeout) reject(new DOMException('The page is busy', 'TimeoutError'))
        else resolve()
      },
      { timeout: IDLE_TIMEOUT_MS },
    )
  })
  signal.throwIfAborted()
}
