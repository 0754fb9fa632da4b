/** Collects what a tab reports, and leaves out what concerns other origins: pages name some, and nothing reaches them. */
export class Complaints {
  readonly consoleErrors: string[] = []
  readonly failedRequests: string[] = []
  readonly #hosts: ReadonlySet<string>

  /** @param hosts - names beside localhost that are this machine */
  constructor(hosts: readonly string[]) {
    this.#hosts = new Set(hosts)
  }

  /** @param url - the resource that the message is about, when the browser says so */
  console(text: string, url: string | undefined): void {
    if (url === undefined || url === '') this.consoleErrors.push(text)
    else if (!isWeb(url) || this.#isLocal(url)) this.consoleErrors.push(`${text} (${url})`)
  }

  uncaught(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    if (!BROKEN_OFF.test(text)) this.consoleErrors.push(text)
  }

  failed(method: string, url: string, reason: string): void {
    if (CANCELLED.test(reason)) return
    if (this.#isLocal(url)) this.failedRequests.push(`${method} ${url} : ${reason}`)
  }

  answered(method: string, url: string, status: number): void {
    if (status >= 400) this.failed(method, url, String(status))
  }

  #isLocal(url: string): boolean {
    const hostname = URL.parse(url)?.hostname ?? ''
    return /(^|\.)localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname) || this.#hosts.has(hostname)
  }
}

/** How Chromium and Firefox say that somebody changed their mind. */
const CANCELLED = /ERR_ABORTED|NS_BINDING_ABORTED|NS_ERROR_ABORT\b/

/**
 * Firefox logs so, without a URL, when the body of a worker's response did not come to its end. It does so as well when
 * the page itself broke it off, such as a script that was still being loaded when the visitor went on. Each of these is
 * also a request that failed, with its URL and its reason, so what matters is counted there ({@link Complaints.failed}).
 */
const BROKEN_OFF = /^Failed to load ‘’\. A ServiceWorker intercepted the request and encountered an unexpected error\.$/

function isWeb(url: string): boolean {
  return /^https?:/.test(url)
}
