import { MAX_LOADED_URLS } from '@blackhole/protocol'

/** The fields of a `PerformanceResourceTiming` that matter here. */
export interface LoadedEntry {
  readonly name: string
  /** When the worker saw the request, or 0 when it did not. */
  readonly workerStart?: number
}

/**
 * Files of the page's origin that it loaded past the worker, so that the
 * worker can take them from the HTTP cache: the document and its resources,
 * newest kept when there are too many.
 */
export function loadedUrls(entries: readonly LoadedEntry[], origin: string): string[] {
  const urls = new Set<string>()
  for (const { name, workerStart } of entries) {
    if (workerStart !== undefined && workerStart > 0) continue
    const url = URL.parse(name)
    if (url?.origin !== origin) continue
    url.hash = ''
    urls.add(url.href)
  }
  return [...urls].slice(-MAX_LOADED_URLS)
}
