import type { FetchedPiece } from './piece-fetch.ts'
import type { PieceStore, StoredBlock } from './piece-store.ts'

/** What a {@link PieceWriter} needs from outside. */
export interface PieceWriterComponents {
  readonly store: Pick<PieceStore, 'put'>
  now(): number
  /** Whether somebody waits for pieces that are still to come: storing competes with getting them. */
  isPressed(): boolean
  /** These can be read from the store now. */
  stored(cids: readonly string[]): void
  /** These could not be stored; they were delivered all the same. */
  failed(error: unknown): void
}

/** Bytes waiting to be stored above which background downloads begin no new pieces: a slow disk must not fill memory. */
export const MAX_BACKLOG_BYTES = 32 * 1024 * 1024
/** Above this, pieces are delivered and not kept: a reader may be faster than the disk for as long as it likes. */
export const MAX_UNSTORED_BYTES = 2 * MAX_BACKLOG_BYTES
/** Bytes of one transaction. IndexedDB copies them at once, on the thread that also serves the network: about 3 ms per MiB. */
export const BATCH_BYTES = 4 * 1024 * 1024
/** What waits while somebody waits for more is stored from this much on. */
export const PRESSED_BYTES = 16 * 1024 * 1024
/** Or from this age on: other visitors learn of a piece when it is stored. */
export const PRESSED_MS = 2_000

/** Stores fetched pieces behind their delivery, several at once, and rather later than in the way of the next ones. */
export class PieceWriter {
  readonly #components: PieceWriterComponents
  readonly #site: string
  readonly #pending = new Map<string, FetchedPiece>()
  readonly #queue: (StoredBlock & { readonly addedAt: number })[] = []
  #backlog = 0
  #writing: Promise<void> | undefined
  #settling = false

  constructor(components: PieceWriterComponents, site: string) {
    this.#components = components
    this.#site = site
  }

  /** Whether so much waits that less should be fetched. */
  get isFull(): boolean {
    return this.#backlog > MAX_BACKLOG_BYTES
  }

  /** A piece that is verified and not stored yet. */
  pending(cid: string): FetchedPiece | undefined {
    return this.#pending.get(cid)
  }

  /** @returns whether it will be stored: not when too much waits already, since nobody who reads should wait for the disk */
  add(cid: string, piece: FetchedPiece): boolean {
    if (this.#backlog + piece.bytes.byteLength > MAX_UNSTORED_BYTES) return false
    this.#pending.set(cid, piece)
    this.#queue.push({ cid, bytes: piece.bytes, site: this.#site, addedAt: this.#components.now() })
    this.#backlog += piece.bytes.byteLength
    this.run()
    return true
  }

  /** Stores what should no longer wait; called every now and then. */
  run(): void {
    if (this.#isDue()) this.#writing ??= this.#write()
  }

  /** Stores all that waits, and resolves when nothing does. */
  async settled(): Promise<void> {
    this.#settling = true
    try {
      this.run()
      await this.#writing
    } finally {
      this.#settling = false
    }
  }

  #isDue(): boolean {
    const [oldest] = this.#queue
    if (oldest === undefined) return false
    const components = this.#components
    if (this.#settling || this.#backlog >= PRESSED_BYTES || !components.isPressed()) return true
    return components.now() - oldest.addedAt >= PRESSED_MS
  }

  async #write(): Promise<void> {
    try {
      while (this.#isDue()) await this.#put(this.#takeBatch())
    } finally {
      this.#writing = undefined
    }
  }

  #takeBatch(): StoredBlock[] {
    let bytes = 0
    let count = 0
    for (const block of this.#queue) {
      bytes += block.bytes.byteLength
      if (count > 0 && bytes > BATCH_BYTES) break
      count += 1
    }
    return this.#queue.splice(0, count).map(({ cid, bytes, site }) => ({ cid, bytes, site }))
  }

  async #put(batch: readonly StoredBlock[]): Promise<void> {
    try {
      await this.#components.store.put(batch)
      this.#components.stored(batch.map(({ cid }) => cid))
    } catch (error) {
      this.#components.failed(error)
    } finally {
      for (const { cid, bytes } of batch) {
        this.#pending.delete(cid)
        this.#backlog -= bytes.byteLength
      }
    }
  }
}
