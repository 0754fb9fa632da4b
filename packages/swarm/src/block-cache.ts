import type { PieceStore } from './piece-store.ts'

/** Bytes of blocks kept between the requests that read them: sixteen pieces, four per upload slot. */
const MAX_CACHED_BYTES = 16 * 1024 * 1024

type Block = Uint8Array<ArrayBuffer> | undefined

/** Blocks that are being served: a piece is asked for in ranges, and is read from the store once. */
export class BlockCache {
  readonly #store: Pick<PieceStore, 'getMany'>
  readonly #blocks = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #loading = new Map<string, Promise<Block>>()
  #bytes = 0

  constructor(store: Pick<PieceStore, 'getMany'>) {
    this.#store = store
  }

  /** The block when it was read lately. */
  peek(cid: string): Block {
    return this.#blocks.get(cid)
  }

  /** Reads blocks, all at once; undefined is what the store has not. One answer per CID, in order. */
  getMany(cids: readonly string[]): Promise<Block[]> {
    const fresh = [...new Set(cids)].filter((cid) => !this.#blocks.has(cid) && !this.#loading.has(cid))
    if (fresh.length > 0) {
      const reading = this.#read(fresh)
      for (const [index, cid] of fresh.entries())
        this.#loading.set(
          cid,
          reading.then((blocks) => blocks[index]),
        )
    }
    return Promise.all(cids.map(async (cid) => this.#blocks.get(cid) ?? (await this.#loading.get(cid))))
  }

  async #read(cids: readonly string[]): Promise<Block[]> {
    try {
      const blocks = await this.#store.getMany(cids)
      for (const [index, cid] of cids.entries()) this.#keep(cid, blocks[index])
      return blocks
    } finally {
      for (const cid of cids) this.#loading.delete(cid)
    }
  }

  #keep(cid: string, block: Block): void {
    if (block === undefined) return
    this.#blocks.set(cid, block)
    this.#bytes += block.byteLength
    for (const [oldest, { byteLength }] of this.#blocks) {
      if (this.#bytes <= MAX_CACHED_BYTES) return
      this.#blocks.delete(oldest)
      this.#bytes -= byteLength
    }
  }
}
