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
  // A relay that serves no content sends a page that reloads once the peer runs.
  await visitor.waitFor(() => document.querySelector('main') !== null && 'blackhole' in window, {
    timeoutMs: VISIT_TIMEOUT_MS,
  })
  const received = await visitor.evaluate(readEverything, paths)
  return { browser: visitor.browser, ms: Math.round(performance.now() - started), received }
}

/** Runs in the page. */
async function readEverything(paths: readonly string[]): Promise<Received> {
  const { blackhole } = window as unknown as { blackhole: PageApi }
  await blackhole.ready
  for (const path of paths) {
    const response = await fetch(`/${path.split('/').map(encodeURIComponent).join('/')}`)
    if (!response.ok) throw new Error(`${path}: ${String(response.status)}`)
    await response.arrayBuffer()
  }
  const { local, peers, http } = (await blackhole.status()).received
  return { local, peers, http }
}
