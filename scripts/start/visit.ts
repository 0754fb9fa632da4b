import type { Visitor } from '../../packages/testkit/src/browsers/visitor.ts'

/** The part of `window.blackhole` that the demo uses. */
interface PageApi {
  readonly ready: Promise<unknown>
  status(): Promise<{ received: Received }>
}

/** Bytes by where they came from: this browser's store, other peers, relay or origin. */
export interface Received {
  readonly local: number
  readonly peers: number
  readonly http: number
}

/** What a visitor saw. */
export interface Visit {
  readonly browser: string
  /** From opening the site to having read all of it. */
  readonly ms: number
  readonly received: Received
}

/** A whole visit takes about a second; a loaded machine more. */
const VISIT_TIMEOUT_MS = 60_000

/**
 * Opens a site and reads every file of it, once its peer has joined the swarm.
 *
 * @param paths - files of the site, without leading slash
 */
export async function visit(visitor: Visitor, url: string, paths: readonly string[]): Promise<Visit> {
  const started = performance.now()
  await visitor.goto(url)
  // A relay that serves no content sends a page that fetches the site and comes again as the site's own.
  await visitor.waitFor(() => document.querySelector('.hero') !== null && 'blackhole' in window, {
    timeoutMs: VISIT_TIMEOUT_MS,
  })
  const received = await visitor.evaluate(readEverything, paths)
  return { browser: visitor.browser, ms: Math.round(performance.now() - started), received }
}

/** Runs in the page: reads all files, and waits until the worker has counted them. */
async function readEverything(paths: readonly string[]): Promise<Received> {
  const { blackhole } = window as unknown as { blackhole: PageApi }
  await blackhole.ready
  let read = 0
  for (const path of paths) {
    const response = await fetch(`/${path.split('/').map(encodeURIComponent).join('/')}`)
    if (!response.ok) throw new Error(`${path}: ${String(response.status)}`)
    read += (await response.arrayBuffer()).byteLength
  }
  const deadline = performance.now() + 5_000
  for (;;) {
    const { local, peers, http } = (await blackhole.status()).received
    if (local + peers + http >= read || performance.now() > deadline) return { local, peers, http }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
