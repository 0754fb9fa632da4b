import { MAX_LOADED_URLS } from '@blackhole/protocol'

/** The fields of a `PerformanceResourceTiming` that matter here. */
export interface LoadedEntry {
  readonly name: string
  /** When the page asked for it, in milliseconds since the page was opened. */
  readonly startTime: number
  /** When the worker saw the request, or 0 when it did not. */
  readonly workerStart?: number
}

/** A file that the page loaded. */
export interface LoadedFile {
  readonly url: string
  /** How long ago it was asked for last, in milliseconds. */
  readonly ageMs: number
}

/**
 * Files of the page's origin that it loaded past the worker, so that the
 * worker can take them from the HTTP cache: the document and its resources,
 * newest kept when there are too many.
 *
 * @param now - milliseconds since the page was opened
 */
export function loadedFiles(entries: readonly LoadedEntry[], origin: string, now: number): LoadedFile[] {
  const files = new Map<string, LoadedFile>()
  for (const { name, startTime, workerStart } of entries) {
    if (workerStart !== undefined && workerStart > 0) continue
    const url = URL.parse(name)
    if (url?.origin !== origin) continue
    url.hash = ''
    files.delete(url.href)
    files.set(url.href, { url: url.href, ageMs: Math.max(0, now - startTime) })
  }
  return [...files.values()].slice(-MAX_LOADED_URLS)
}
