import type { CachePolicy, CacheRequest } from './policy.ts'

/** One doubling of a block's uses is worth this much recency. */
const HALF_LIFE_MS = 24 * 60 * 60 * 1000
/** Part that is left after an eviction. */
const LOW_WATERMARK = 0.9

interface Entry {
  readonly key: number
  readonly size: number
  lastUsed: number
  uses: number
}

/**
 * Recency weighted with popularity in the manner of LRFU (Lee et al., IEEE Transactions on Computers 50(12), 2001),
 * a tenth at a time: what the piece stores did before decision 0010.
 */
export class Lrfu implements CachePolicy {
  readonly #capacity: number
  readonly #entries = new Map<number, Entry>()
  #bytes = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#bytes
  }

  request({ key, size, at }: CacheRequest): boolean {
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      entry.uses += 1
      entry.lastUsed = at
      return true
    }
    if (size > this.#capacity) return false
    if (this.#bytes + size > this.#capacity) this.#makeRoom(size, at)
    this.#entries.set(key, { key, size, lastUsed: at, uses: 0 })
    this.#bytes += size
    return false
  }

  #makeRoom(size: number, now: number): void {
    const target = Math.max(size, this.#capacity * LOW_WATERMARK)
    const order = [...this.#entries.values()]
      .map((entry) => ({ entry, score: Math.log2(1 + entry.uses) - (now - entry.lastUsed) / HALF_LIFE_MS }))
      .sort((a, b) => a.score - b.score)
    for (const { entry } of order) {
      if (this.#bytes + size <= target && this.#bytes + size <= this.#capacity) return
      this.#entries.delete(entry.key)
      this.#bytes -= entry.size
    }
  }
}
