import type { Startable } from '@libp2p/interface'
import type { Logger } from 'pino'
import { COLLECT_INTERVAL_MS, UNPINNED_BLOCK_MS } from '../limits.ts'
import type { BlockVault } from './block-vault.ts'

/** What {@link Collector} works with. */
export interface CollectorComponents {
  vault: BlockVault
  log: Logger
  now: () => number
}

/** Lets go of blocks that no version pins, now and then, until stopped. */
export class Collector implements Startable {
  readonly #components: CollectorComponents
  #abort: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(components: CollectorComponents) {
    this.#components = components
  }

  start(): void {
    this.#abort = new AbortController()
    this.#timer = setInterval(() => void this.collect(), COLLECT_INTERVAL_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#abort?.abort()
  }

  /** Collects once. A failure is logged: the next round tries again. */
  async collect(): Promise<void> {
    const { vault, log, now } = this.#components
    const signal = this.#abort?.signal
    try {
      const removed = await vault.collect(now() - UNPINNED_BLOCK_MS, signal === undefined ? {} : { signal })
      if (removed > 0) log.info({ removed }, 'collected blocks that no version needs')
    } catch (error) {
      if (signal?.aborted !== true) log.error({ err: error }, 'collecting blocks failed')
    }
  }
}
