import type { PreloadedRecord } from '../start/preloaded-record.ts'

/** A request as handlers see it. */
export interface SiteRequest {
  readonly request: Request
  readonly url: URL
  /** The client that asks; empty for most navigations. */
  readonly clientId: string
  /** The client that a navigation (or a worker's script) will make; empty otherwise. */
  readonly resultingClientId: string
  /** A document is being loaded into a tab or frame. */
  readonly navigates: boolean
  /** The site's record that the browser asked for with a navigation; unchecked. */
  readonly preloaded?: Promise<PreloadedRecord> | undefined
  /** Keeps the worker alive until the promise settles. */
  waitUntil: (work: Promise<unknown>) => void
}

/** One way to answer a request. Handlers are asked in order. */
export interface Handler {
  readonly name: string
  /** Decides at once, without waiting for anything. */
  canHandle(request: SiteRequest): boolean
  /**
   * Answers, or leaves it to the next handler (undefined). `bypass` does
   * neither: the browser goes on as if there were no worker.
   */
  handle(request: SiteRequest): Promise<Response | undefined>
}

/** What handlers need to know of a fetch event. */
export function describeRequest(event: FetchEvent, preloaded?: Promise<PreloadedRecord>): SiteRequest {
  const { request } = event
  return {
    request,
    url: new URL(request.url),
    clientId: event.clientId,
    resultingClientId: event.resultingClientId,
    navigates: request.mode === 'navigate',
    preloaded,
    waitUntil: (work) => {
      event.waitUntil(work)
    },
  }
}
