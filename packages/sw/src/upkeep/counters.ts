import type { ReceivedBytes, Source } from '@blackhole/protocol'
import { NO_BYTES } from '@blackhole/site'
import type { SiteState } from '@blackhole/site'

/** What {@link ReceivedCounters} works with. */
export interface ReceivedCountersComponents {
  readonly state: SiteState
  /** Keeps the worker alive until the promise settles. */
  keepAlive: (work: Promise<unknown>) => void
  /** The sums, for the pages. */
  onChange: (received: ReceivedBytes) => void
}

/**
 * Bytes received by source, added to the origin's counters. The first are
 * written at once, so that a page that has read a response finds it counted;
 * what comes while a transaction runs goes with the next one.
 */
export class ReceivedCounters {
  readonly #components: ReceivedCountersComponents
  #pending: Record<Source, number> = { local: 0, peers: 0, http: 0 }
  #flush: Promise<void> | undefined
  #sums: ReceivedBytes = NO_BYTES

  constructor(components: ReceivedCountersComponents) {
    this.#components = components
  }

  /** Counts bytes. */
  add(source: Source, bytes: number): void {
    if (bytes === 0) return
    this.#pending[source] += bytes
    this.#flush ??= this.#write()
    this.#components.keepAlive(this.#flush)
  }

  /** The sums as stored. */
  async read(): Promise<ReceivedBytes> {
    const { local, peers, http } = await this.#components.state.counters().catch(() => this.#sums)
    return { local, peers, http }
  }

  async #write(): Promise<void> {
    do {
      const delta = this.#pending
      this.#pending = { local: 0, peers: 0, http: 0 }
      this.#sums = await this.#components.state.addCounters(delta).catch(() => ({
        local: this.#sums.local + delta.local,
        peers: this.#sums.peers + delta.peers,
        http: this.#sums.http + delta.http,
      }))
      const { local, peers, http } = this.#sums
      this.#components.onChange({ local, peers, http })
    } while (this.#pending.local + this.#pending.peers + this.#pending.http > 0)
    this.#flush = undefined
  }
}
