/**
 * Lets background work (counters, storing) keep the worker alive through
 * whichever events are being handled: the browser may end a worker as soon as
 * none is.
 */
export class EventHold {
  readonly #events = new Set<(work: Promise<unknown>) => void>()
  /** What is going on: events that are handled, and work in the background. */
  readonly #work = new Set<Promise<unknown>>()

  /** An event is being handled until the promise settles. */
  during(waitUntil: (work: Promise<unknown>) => void, handled: Promise<unknown>): void {
    this.#events.add(waitUntil)
    this.#track(handled)
    const done = (): void => {
      this.#events.delete(waitUntil)
    }
    handled.then(done, done)
  }

  /** Keeps the worker alive until the promise settles, as far as the browser lets us. */
  readonly keep = (work: Promise<unknown>): void => {
    this.#track(work)
    this.extend(work)
  }

  /** Like {@link keep}, for work that itself waits until the worker is {@link idle}. */
  extend(work: Promise<unknown>): void {
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

  /** Resolves once no event is being handled and no background work goes on. */
  readonly idle = async (): Promise<void> => {
    while (this.#work.size > 0) await Promise.allSettled(this.#work)
  }

  #track(work: Promise<unknown>): void {
    this.#work.add(work)
    const done = (): void => {
      this.#work.delete(work)
    }
    work.then(done, done)
  }
}
