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

  /** The oldest requests, as far as they are for the first so many blocks. */
  first(blocks: number): UploadRequest[] {
    const first: UploadRequest[] = []
    const cids = new Set<string>()
    for (const request of this.#requests.values()) {
      if (cids.add(request.cid).size > blocks) break
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
