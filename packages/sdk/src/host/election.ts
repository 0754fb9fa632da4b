import type { SiteName } from '@blackhole/protocol'
import { isAborted, sleep } from '../sleep.ts'

/** The part of the Web Locks API that is used. */
export type Locks = Pick<LockManager, 'request'>

/** What an election needs. */
export interface ElectionComponents {
  /** Undefined where the browser has no Web Locks: then every page hosts. */
  readonly locks: Locks | undefined
  /** Called when this page has become the host; it resolves when the page has stopped hosting after the signal. */
  readonly host: (signal: AbortSignal) => Promise<void>
  readonly onError: (error: unknown) => void
}

/** A host that failed to start lets the other pages try, and waits so long before it stands again. */
const RETRY_MS = 2_000

/** The name of a site's lock: one host per browser profile and origin. */
export function hostLock(site: SiteName): string {
  return `blackhole:host:${site}`
}

/**
 * Elects one page of the origin to host the peer of a site: whoever holds the
 * Web Lock. The browser frees the lock when the page closes or crashes, and
 * gives it to the page that has waited longest, so a hand-over takes
 * milliseconds and no page can be left hosting in vain.
 */
export class HostElection {
  readonly #components: ElectionComponents
  readonly #site: SiteName
  #controller: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  #isHost = false

  constructor(components: ElectionComponents, init: { site: SiteName }) {
    this.#components = components
    this.#site = init.site
  }

  get isHost(): boolean {
    return this.#isHost
  }

  /** Stands for election, until stopped. */
  start(): void {
    if (this.#controller !== undefined) return
    const controller = new AbortController()
    this.#controller = controller
    // A stopped election may still be leaving.
    this.#running = this.#running.then(() => this.#run(controller.signal))
  }

  /** Stops hosting, or waiting for it. */
  async stop(): Promise<void> {
    this.#controller?.abort()
    this.#controller = undefined
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { locks } = this.#components
        if (locks === undefined) await this.#host(signal)
        else await locks.request(hostLock(this.#site), { signal }, () => this.#host(signal))
      } catch (error) {
        if (isAborted(signal)) return
        this.#components.onError(error)
        await sleep(RETRY_MS, { signal }).catch(() => undefined)
      }
    }
  }

  async #host(signal: AbortSignal): Promise<void> {
    this.#isHost = true
    try {
      await this.#components.host(signal)
    } finally {
      this.#isHost = false
    }
  }
}
