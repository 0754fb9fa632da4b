/** A request that a peer made of us. */
export interface UploadRequest {
  readonly id: number
  readonly cid: string
  /** Next byte to send. */
  offset: number
  /** End as asked for, exclusive; `Infinity` for the end of the block. Bounded by the block's size once that is known. */
  end: number
  /** The block, once it was read. */
  block: Uint8Array<ArrayBuffer> | undefined
  loading: boolean
}

/** How much is read before its turn. */
export interface ReadAhead {
  readonly blocks: number
  /** Of all these blocks. */
  readonly bytes: number
}

/** What one peer has asked for and not got, in its order. */
export class UploadQueue {
  readonly #requests = new Map<number, UploadRequest>()
  /** We don't serve it, for now. */
  choked = false
  /** When it asked last. Milliseconds; -Infinity for never. */
  askedAt = -Infinity

  get size(): number {
    return this.#requests.size
  }

  has(id: number): boolean {
    return this.#requests.has(id)
  }

  add(request: UploadRequest): void {
    this.#requests.set(request.id, request)
  }

  delete(id: number): boolean {
    return this.#requests.delete(id)
  }

  /** All requests, the oldest first. One may be deleted while this runs. */
  get all(): IterableIterator<UploadRequest> {
    return this.#requests.values()
  }

  /**
   * The oldest requests, as far as the blocks that they are for are so few and so large in all; those
   * for the first block always.
   *
   * @param sizeOf - bytes of a block, known or guessed
   */
  first({ blocks, bytes }: ReadAhead, sizeOf: (request: UploadRequest) => number): UploadRequest[] {
    const first: UploadRequest[] = []
    const cids = new Set<string>()
    let sum = 0
    for (const request of this.#requests.values()) {
      if (!cids.has(request.cid)) {
        sum += sizeOf(request)
        if (cids.size > 0 && (cids.size >= blocks || sum > bytes)) break
        cids.add(request.cid)
      }
      first.push(request)
    }
    return first
  }

  /** @returns ids of what was asked for */
  clear(): number[] {
    const ids = [...this.#requests.keys()]
    this.#requests.clear()
    return ids
  }
}
