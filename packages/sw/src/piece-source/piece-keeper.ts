import type { SiteName } from '@blackhole/protocol'
import type { PieceStore } from '@blackhole/swarm'

/** What a {@link PieceKeeper} works with. */
export interface PieceKeeperComponents {
  readonly store: PieceStore
  /** Keeps the worker alive until the promise settles. */
  keepAlive: (work: Promise<unknown>) => void
  /** The blocks are stored: peers may be told. */
  onStored: (cids: readonly string[]) => void
}

/** Bytes that may wait for the store. Beyond that, blocks are not kept: memory is bounded, and they can be had again. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024

/**
 * Puts blocks that came over HTTP into the store, without making the response
 * wait for it. A store that is full or broken costs the copy, nothing else.
 */
export class PieceKeeper {
  readonly #components: PieceKeeperComponents
  readonly #site: SiteName
  readonly #pending = new Map<string, Uint8Array<ArrayBuffer>>()
  #pendingBytes = 0

  constructor(components: PieceKeeperComponents, site: SiteName) {
    this.#components = components
    this.#site = site
  }

  /** A block that is on its way into the store. */
  pending(cid: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#pending.get(cid)
  }

  /** Keeps a checked block. */
  keep(cid: string, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#pending.has(cid) || this.#pendingBytes + bytes.byteLength > MAX_PENDING_BYTES) return
    this.#pending.set(cid, bytes)
    this.#pendingBytes += bytes.byteLength
    this.#components.keepAlive(this.#put(cid, bytes))
  }

  async #put(cid: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#components.store.put([{ cid, bytes, site: this.#site }])
      this.#components.onStored([cid])
    } catch {
      // Reason `full` or `unavailable`: the response does not depend on it.
    } finally {
      this.#pending.delete(cid)
      this.#pendingBytes -= bytes.byteLength
    }
  }
}
