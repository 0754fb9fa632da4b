/** A clock that stands still until a test moves it. */
export interface TestClock {
  /** Milliseconds, as `Date.now` counts them. Bound: pass it as `now`. */
  readonly now: () => number
  /** Moves the clock and runs what became due, in order. */
  advance(ms: number): Promise<void>
  /** Resolves once the clock has moved on by `ms`; rejects with the signal's reason. */
  readonly delay: (ms: number, options?: { signal?: AbortSignal | undefined }) => Promise<void>
}

interface Timer {
  readonly due: number
  readonly order: number
  readonly fire: () => void
}

/**
 * Makes a clock for tests, so that none of them sleeps.
 *
 * @param start - what `now()` says at first
 */
export function testClock(start = Date.UTC(2026, 0, 1)): TestClock {
  let time = start
  let order = 0
  const timers = new Set<Timer>()

  const next = (until: number): Timer | undefined => {
    const due = [...timers].filter((timer) => timer.due <= until)
    return due.sort((a, b) => a.due - b.due || a.order - b.order)[0]
  }

  return {
    now: () => time,
    async advance(ms) {
      const until = time + ms
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        time = Math.max(time, timer.due)
        timers.delete(timer)
        timer.fire()
        await settle()
      }
      time = until
      await settle()
    },
    delay: (ms, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error)
          return
        }
        const abort = () => {
          timers.delete(timer)
          reject(signal?.reason as Error)
        }
        const timer: Timer = {
          due: time + ms,
          order: order++,
          fire: () => {
            signal?.removeEventListener('abort', abort)
            resolve()
          },
        }
        timers.add(timer)
        signal?.addEventListener('abort', abort, { once: true })
      }),
  }
}

/** Lets promise chains run on: one turn of the event loop, not a wait. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
