import type { SiteName } from '@blackhole/protocol'
import type { PieceStore } from '@blackhole/swarm'
import type { Clock } from '../clock.ts'

/** What a {@link PieceKeeper} works with. */
export interface PieceKeeperComponents {
  readonly store: PieceStore
  readonly clock: Pick<Clock, 'sleep'>
  /** Keeps the worker alive until the promise settles. */
  keepAlive: (work: Promise<unknown>) => void
  /** The blocks are stored: peers may be told. */
  onStored: (cids: readonly string[]) => void
}

/** How a block is kept. */
export interface KeepOptions {
  /** Whether its reader can wait for the store when too much waits for it. Default: no. */
  readonly canWait?: boolean
  /** Ends the wait. */
  readonly signal?: AbortSignal
}

/** Bytes that may wait for the store before a reader that can wait does: memory is bounded. */
export const MAX_PENDING_BYTES = 16 * 1024 * 1024

/** And so many more of what nobody should wait for. Beyond that, blocks are not kept: they can be had again. */
export const RESERVE_BYTES = 8 * 1024 * 1024

/**
 * A reader is held back by the store for so long per block. With the eight blocks that a response
 * fetches ahead, a store of 4 MiB/s keeps all of it, and a slower one slows no response below that.
 */
export const STORE_WAIT_MS = 2_000

/**
 * Puts blocks that came over HTTP into the store, without making the response wait for each. What came is
 * meant to stay: a visitor that has read a file is taken to hold it, and may soon be the only one
 * who does. So a network that is faster than the disk is slowed down a little before anything is
 * thrown away. A store that is full or broken costs the copy, nothing else.
 */
export class PieceKeeper {
  readonly #components: PieceKeeperComponents
  readonly #site: SiteName
  readonly #pending = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #waiting = new Set<() => void>()
  #pendingBytes = 0
  /** Puts that have ended. */
  #finished = 0
  /** Nothing was stored while somebody waited, and nothing has been since. */
  #stuck = false

  constructor(components: PieceKeeperComponents, site: SiteName) {
    this.#components = components
    this.#site = site
  }

  /** A block that is on its way into the store. */
  pending(cid: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#pending.get(cid)
  }

  /**
   * Keeps a checked block. Resolves when its reader may go on, which is at once as long as there is room. Never rejects.
   *
   * @returns whether it goes to the store, which may fail to take it; false when too much waits for that
   */
  async keep(
    cid: string,
    bytes: Uint8Array<ArrayBuffer>,
    { canWait = false, signal }: KeepOptions = {},
  ): Promise<boolean> {
    const size = bytes.byteLength
    const limit = canWait ? MAX_PENDING_BYTES : MAX_PENDING_BYTES + RESERVE_BYTES
    if (this.#pending.has(cid)) return true
    if (!this.#take(size, limit) && !(canWait && (await this.#waitForRoom(size, signal)))) return false
    if (this.#pending.has(cid)) {
      this.#release(size)
      return true
    }
    this.#pending.set(cid, bytes)
    this.#components.keepAlive(this.#put(cid, bytes))
    return true
  }

  #take(bytes: number, limit: number): boolean {
    if (this.#pendingBytes + bytes > limit) return false
    this.#pendingBytes += bytes
    return true
  }

  #release(bytes: number): void {
    this.#pendingBytes -= bytes
    for (const wake of [...this.#waiting]) wake()
  }

  /** Takes room as soon as there is some, but waits for no store that does nothing. */
  async #waitForRoom(bytes: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#stuck) return false
    const over = new AbortController()
    const isOver = AbortSignal.any(signal === undefined ? [over.signal] : [over.signal, signal])
    const finished = this.#finished
    const timeUp = this.#components.clock.sleep(STORE_WAIT_MS, { signal: isOver }).then(
      () => {
        this.#stuck = this.#finished === finished
        return true
      },
      () => true,
    )
    try {
      for (;;) {
        const { promise: freed, resolve } = Promise.withResolvers<false>()
        const wake = (): void => {
          resolve(false)
        }
        this.#waiting.add(wake)
        const isTimeUp = await Promise.race([freed, timeUp])
        this.#waiting.delete(wake)
        if (this.#take(bytes, MAX_PENDING_BYTES)) return true
        if (isTimeUp) return false
      }
    } finally {
      over.abort()
    }
  }

  async #put(cid: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#components.store.put([{ cid, bytes, site: this.#site }])
      this.#components.onStored([cid])
    } catch {
      // Reason `full` or `unavailable`: the response does not depend on it.
    } finally {
      this.#pending.delete(cid)
      this.#finished++
      this.#stuck = false
      this.#release(bytes.byteLength)
    }
  }
}
