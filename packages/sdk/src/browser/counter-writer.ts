import type { Counters, SiteState } from '@blackhole/site'

/** Pause between two writes of what was shared: while a page serves others, bytes are counted a hundred times a second. */
export const WRITE_PAUSE_MS = 250

/** What a {@link CounterWriter} works with. */
export interface CounterWriterComponents {
  readonly state: SiteState
  readonly onWritten: () => void
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Adds bytes to the counters of the origin. What was received is written at
 * once, since a page may be left at any moment, and no transaction ends that
 * begins as the page does; what comes while one runs goes with the next. What
 * was shared within {@link WRITE_PAUSE_MS} of a write waits for the next one.
 */
export class CounterWriter {
  readonly #components: CounterWriterComponents
  #pending: Partial<Record<keyof Counters, number>> = {}
  #writing = false
  /** Bytes came that `onWritten` has not spoken of, whoever wrote them. */
  #changed = false
  /** Ends the pause after a write. */
  #hurry = (): void => undefined

  constructor(components: CounterWriterComponents) {
    this.#components = components
  }

  add(counter: keyof Counters, bytes: number): void {
    this.#pending[counter] = (this.#pending[counter] ?? 0) + bytes
    this.#changed = true
    if (!this.#writing) void this.#write()
    else if (counter !== 'shared') this.#hurry()
  }

  /** The sums, those not yet written included. They are written first: what was told once holds when the page is left. */
  async read(): Promise<Counters> {
    await this.#writePending()
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
    while (this.#changed) {
      this.#changed = false
      const { promise, resolve } = Promise.withResolvers<undefined>()
      this.#hurry = () => {
        resolve(undefined)
      }
      await this.#writePending()
      this.#components.onWritten()
      await Promise.race([promise, this.#components.sleep(WRITE_PAUSE_MS)])
    }
    this.#writing = false
  }

  async #writePending(): Promise<void> {
    const delta = this.#pending
    if (Object.keys(delta).length === 0) return
    this.#pending = {}
    // Counters that can't be written are lost; nothing depends on them.
    await this.#components.state.addCounters(delta).catch(() => undefined)
  }
}
