import type { Counters, SiteState } from '@blackhole/site'

/**
 * Adds bytes to the counters of the origin. The first are written at once,
 * since a page may be left at any moment; what comes while a transaction runs
 * goes with the next one.
 */
export class CounterWriter {
  readonly #state: SiteState
  readonly #onWritten: () => void
  #pending: Partial<Record<keyof Counters, number>> = {}
  #writing = false

  constructor(components: { state: SiteState; onWritten: () => void }) {
    this.#state = components.state
    this.#onWritten = components.onWritten
  }

  add(counter: keyof Counters, bytes: number): void {
    this.#pending[counter] = (this.#pending[counter] ?? 0) + bytes
    if (!this.#writing) void this.#write()
  }

  /** The sums, those not yet written included. */
  async read(): Promise<Counters> {
    const stored = await this.#state.counters()
    const sum = (name: keyof Counters): number => stored[name] + (this.#pending[name] ?? 0)
    return { local: sum('local'), peers: sum('peers'), http: sum('http'), shared: sum('shared') }
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (Object.keys(this.#pending).length > 0) {
      const delta = this.#pending
      this.#pending = {}
      // Counters that can't be written are lost; nothing depends on them.
      await this.#state.addCounters(delta).catch(() => undefined)
      this.#onWritten()
    }
    this.#writing = false
  }
}
