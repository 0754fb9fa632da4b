import { BlackholeError } from '@blackhole/protocol'
import { withinMs } from '../clock.ts'
import type { Clock } from '../clock.ts'
import type { HostDirectory } from '../host/host-directory.ts'
import { watchedBody } from '../response/watched-body.ts'
import type { OnFailed, WatchedBody } from '../response/watched-body.ts'
import { StreamCount } from './stream-count.ts'

/** A response that lasts this long is kept going by a page: half of the idle time after which Firefox ends a worker would be too late. */
const KEEPER_AFTER_MS = 5_000

/**
 * So long after its last event a worker in Firefox fails what it streams. Firefox ends it after 30 s and 30 s more
 * (`dom.serviceWorkers.idle_timeout` and `.idle_extended_timeout`), and what is cut then looks complete to its reader,
 * whatever `Content-Length` said. Before that by as much as a busy machine may be late.
 */
export const FAIL_AFTER_MS = 50_000

/**
 * Makes a body one that may go out; `taken` where it matters when its reader has taken all of it.
 * `onFailed` is told when the body was given up before that.
 */
export type Outgoing = (
  body: WatchedBody['body'],
  onFailed?: OnFailed,
) => Partial<WatchedBody> & Pick<WatchedBody, 'body'>

/** What {@link StayAwake} works with. */
export interface StayAwakeComponents {
  readonly clock: Clock
  readonly directory: Pick<HostDirectory, 'broadcast' | 'host' | 'hasPage'>
  /** The browser ends a worker by the clock even while it streams, and tells nobody: Firefox. */
  readonly endsByClock: boolean
}

/**
 * Sees to it that no response ends short as if it were whole: pages wake the
 * worker while it streams, and where none does, the response fails in time.
 */
export class StayAwake {
  readonly #components: StayAwakeComponents
  readonly #streams: StreamCount
  readonly #watched = new Set<AbortController>()
  #timer = new AbortController()
  #lastEventAt: number

  constructor(components: StayAwakeComponents) {
    this.#components = components
    this.#lastEventAt = components.clock.now()
    this.#streams = new StreamCount((busy) => {
      components.directory.broadcast({ type: 'busy', busy })
    })
  }

  /** Whether any long response is being streamed. */
  get busy(): boolean {
    return this.#streams.busy
  }

  /**
   * The browser sent the worker an event: its time begins anew.
   *
   * @param at - when it came; the worker may have been busy with its start since
   */
  event(at: number): void {
    this.#lastEventAt = at
    if (this.#watched.size > 0) this.#restart()
  }

  /** The body as it may go out: where the browser ends workers by the clock, one that fails in time. */
  readonly outgoing: Outgoing = (body, onFailed) => {
    if (!this.#components.endsByClock) return { body }
    const controller = new AbortController()
    const watched = watchedBody(body, controller.signal, onFailed)
    this.#watched.add(controller)
    if (this.#watched.size === 1) this.#restart()
    void watched.taken.then(() => {
      this.#watched.delete(controller)
      if (this.#watched.size === 0) this.#timer.abort()
    })
    // One piece is short, but its reader may be slow.
    void this.#afterSome(watched.taken, () => this.streaming(watched.taken))
    return watched
  }

  /** A long response goes on until the promise settles. Pages that are still loading are asked to keep the worker awake. */
  async streaming(until: Promise<unknown>): Promise<void> {
    this.#streams.add(until)
    await this.#afterSome(until, () => this.#components.directory.host())
  }

  /** Whether a long response could not be kept going: the browser would end it, and there is no page to prevent that. */
  async isAlone(): Promise<boolean> {
    return this.#components.endsByClock && !(await this.#components.directory.hasPage())
  }

  async #afterSome(until: Promise<unknown>, act: () => Promise<unknown>): Promise<void> {
    const ended = until.then(
      () => true,
      () => true,
    )
    if ((await withinMs(this.#components.clock, KEEPER_AFTER_MS, ended)) === undefined) await act()
  }

  #restart(): void {
    this.#timer.abort()
    const timer = new AbortController()
    this.#timer = timer
    const { clock } = this.#components
    // A response may begin long after its event: the site's index may have had to be loaded first.
    const restMs = Math.max(0, this.#lastEventAt + FAIL_AFTER_MS - clock.now())
    clock.sleep(restMs, { signal: timer.signal }).then(
      () => {
        const reason = new BlackholeError('timeout', 'No page is open that keeps the service worker awake')
        for (const controller of this.#watched) controller.abort(reason)
      },
      () => undefined,
    )
  }
}
