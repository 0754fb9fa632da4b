import type { Counters, SiteState } from '@blackhole/site'
import { sleep } from '../sleep.ts'

/** Counts are written together: one transaction per so many milliseconds, not per message. */
const FLUSH_MS = 500

/** Adds bytes to the counters of the origin, in batches. */
export class CounterWriter {
  readonly #state: SiteState
  readonly #onWritten: () => void
  #pending: Partial<Record<keyof Counters, number>> = {}
  #flush: Promise<void> | undefined

  constructor(components: { state: SiteState; onWritten: () => void }) {
    this.#state = components.state
    this.#onWritten = components.onWritten
  }

  add(counter: keyof Counters, bytes: number): void {
    this.#pending[counter] = (this.#pending[counter] ?? 0) + bytes
    this.#flush ??= this.#write().finally(() => {
      this.#flush = undefined
    })
  }

  /** The sums, those not yet written included. */
  async read(): Promise<Counters> {
    const stored = await this.#state.counters()
    const sum = (name: keyof Counters): number => stored[name] + (this.#pending[name] ?? 0)
    return { local: sum('local'), peers: sum('peers'), http: sum('http'), shared: sum('shared') }
  }

  async #write(): Promise<void> {
    await sleep(FLUSH_MS)
    const delta = this.#pending
    this.#pending = {}
    // Counters that can't be written are lost; nothing depends on them.
    await this.#state.addCounters(delta).catch(() => undefined)
    this.#onWritten()
  }
}
