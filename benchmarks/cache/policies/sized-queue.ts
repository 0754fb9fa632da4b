/** Blocks in an order, and their bytes: the first is the next to go. */
export class SizedQueue {
  readonly #sizes = new Map<number, number>()
  #bytes = 0

  /** Bytes of all blocks in it. */
  get bytes(): number {
    return this.#bytes
  }

  get length(): number {
    return this.#sizes.size
  }

  has(key: number): boolean {
    return this.#sizes.has(key)
  }

  /** Puts a block last, also one that is in it already. */
  push(key: number, size: number): void {
    this.delete(key)
    this.#sizes.set(key, size)
    this.#bytes += size
  }

  /** Who is next to go. */
  first(): { key: number; size: number } | undefined {
    for (const [key, size] of this.#sizes) return { key, size }
    return undefined
  }

  /** Takes the first out. */
  shift(): { key: number; size: number } | undefined {
    const first = this.first()
    if (first !== undefined) this.delete(first.key)
    return first
  }

  delete(key: number): void {
    this.#bytes -= this.#sizes.get(key) ?? 0
    this.#sizes.delete(key)
  }

  /** Blocks from the first on. */
  entries(): IterableIterator<[number, number]> {
    return this.#sizes.entries()
  }
}
