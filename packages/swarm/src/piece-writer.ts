import type { FetchedPiece } from './piece-fetch.ts'
import type { PieceStore, StoredBlock } from './piece-store.ts'

/** What a {@link PieceWriter} needs from outside. */
export interface PieceWriterComponents {
  readonly store: Pick<PieceStore, 'put'>
  /** These can be read from the store now. */
  stored(cids: readonly string[]): void
  /** These could not be stored; they were delivered all the same. */
  failed(error: unknown): void
}

/** Bytes waiting to be stored above which background downloads begin no new pieces: a slow disk must not fill memory. */
export const MAX_BACKLOG_BYTES = 32 * 1024 * 1024

/** Stores fetched pieces behind their delivery: what came while one batch was written is the next. */
export class PieceWriter {
  readonly #components: PieceWriterComponents
  readonly #site: string
  readonly #pending = new Map<string, FetchedPiece>()
  #queue: StoredBlock[] = []
  #backlog = 0
  #writing: Promise<void> | undefined

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

  add(cid: string, piece: FetchedPiece): void {
    this.#pending.set(cid, piece)
    this.#queue.push({ cid, bytes: piece.bytes, site: this.#site })
    this.#backlog += piece.bytes.byteLength
    this.#writing ??= this.#write()
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue
        this.#queue = []
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
    } finally {
      this.#writing = undefined
    }
  }
}
