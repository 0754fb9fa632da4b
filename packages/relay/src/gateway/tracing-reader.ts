import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

/** What reads blocks by CID. */
export type BlockReader = Pick<Blockstore, 'get'>

/** Notes which blocks were read, in order, once each. */
export class TracingReader implements BlockReader {
  readonly #blocks: BlockReader
  readonly #seen = new Set<string>()
  readonly #read: CID[] = []

  constructor(blocks: BlockReader) {
    this.#blocks = blocks
  }

  /** CIDs read so far. */
  get read(): readonly CID[] {
    return this.#read
  }

  async *get(cid: CID, options?: Parameters<BlockReader['get']>[1]): AsyncGenerator<Uint8Array> {
    const key = cid.toString()
    if (!this.#seen.has(key)) {
      this.#seen.add(key)
      this.#read.push(cid)
    }
    yield* this.#blocks.get(cid, options)
  }
}
