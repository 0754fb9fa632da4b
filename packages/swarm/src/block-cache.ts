import type { PieceStore } from './piece-store.ts'

/** Bytes of blocks kept between the requests that read them: sixteen pieces, four per upload slot. */
const MAX_CACHED_BYTES = 16 * 1024 * 1024

/** Blocks that are being served: a piece is asked for in ranges, and is read from the store once. */
export class BlockCache {
  readonly #store: Pick<PieceStore, 'get'>
  readonly #blocks = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #loading = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>()
  #bytes = 0

  constructor(store: Pick<PieceStore, 'get'>) {
    this.#store = store
  }

  /** The block when it was read lately. */
  peek(cid: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#blocks.get(cid)
  }

  /** The block, or undefined when the store has it not. */
  async get(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const known = this.#blocks.get(cid)
    if (known !== undefined) return known
    let loading = this.#loading.get(cid)
    if (loading === undefined) {
      loading = this.#load(cid)
      this.#loading.set(cid, loading)
    }
    return loading
  }

  async #load(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const block = await this.#store.get(cid)
      if (block !== undefined) this.#keep(cid, block)
      return block
    } finally {
      this.#loading.delete(cid)
    }
  }

  #keep(cid: string, block: Uint8Array<ArrayBuffer>): void {
    this.#blocks.set(cid, block)
    this.#bytes += block.byteLength
    for (const [oldest, bytes] of this.#blocks) {
      if (this.#bytes <= MAX_CACHED_BYTES) return
      this.#blocks.delete(oldest)
      this.#bytes -= bytes.byteLength
    }
  }
}
