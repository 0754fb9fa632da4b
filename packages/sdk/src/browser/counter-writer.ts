import type { Counters, SiteState } from '@blackhole/site'

/** Pause between two writes: while a page serves others, bytes are counted a hundred times a second. */
export const WRITE_PAUSE_MS = 250

/** What a {@link CounterWriter} works with. */
export interface CounterWriterComponents {
  readonly state: SiteState
  readonly onWritten: () => void
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Adds bytes to the counters of the origin. The first are written at once,
 * since a page may be left at any moment; what comes within
 * {@link WRITE_PAUSE_MS} of a write goes with the next one.
 */
export class CounterWriter {
  readonly #components: CounterWriterComponents
  #pending: Partial<Record<keyof Counters, number>> = {}
  #writing = false

  constructor(components: CounterWriterComponents) {
    this.#components = components
  }

  add(counter: keyof Counters, bytes: number): void {
    this.#pending[counter] = (this.#pending[counter] ?? 0) + bytes
    if (!this.#writing) void this.#write()
  }

  /** The sums, those not yet written included. */
  async read(): Promise<Counters> {
    const stored = await this.#components.state.counters()
    const sum = (name: keyof Counters): number => stored[name] + (this.#pending[name] ?? 0)
    return { local: sum('local'), peers: sum('peers'), http: sum('http'), shared: sum('shared') }
  }

  /** Writes what waits: the page may be about to end. */
  flush(): void {
    void this.#writePending()
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (Object.keys(this.#pending).length > 0) {
      await this.#writePending()
      await this.#components.sleep(WRITE_PAUSE_MS)
    }
    this.#writing = false
  }

  async #writePending(): Promise<void> {
    const delta = this.#pending
    if (Object.keys(delta).length === 0) return
    this.#pending = {}
    // Counters that can't be written are lost; nothing depends on them.
    await this.#components.state.addCounters(delta).catch(() => undefined)
    this.#components.onWritten()
  }
}
