/**
 * Lets background work (counters, storing) keep the worker alive through
 * whichever events are being handled: the browser may end a worker as soon as
 * none is.
 */
export class EventHold {
  readonly #events = new Set<(work: Promise<unknown>) => void>()

  /** An event is being handled until the promise settles. */
  during(waitUntil: (work: Promise<unknown>) => void, handled: Promise<unknown>): void {
    this.#events.add(waitUntil)
    const done = (): void => {
      this.#events.delete(waitUntil)
    }
    handled.then(done, done)
  }

  /** Keeps the worker alive until the promise settles, as far as the browser lets us. */
  readonly keep = (work: Promise<unknown>): void => {
    const settled = work.catch(() => undefined)
    for (const waitUntil of this.#events) {
      try {
        waitUntil(settled)
        return
      } catch {
        // That event is over.
        this.#events.delete(waitUntil)
      }
    }
  }
}
