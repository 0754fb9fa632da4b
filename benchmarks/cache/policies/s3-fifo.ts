import { SizedQueue } from './sized-queue.ts'
import type { CachePolicy, CacheRequest } from './policy.ts'

/** Part of the cache that new blocks have to prove themselves in (S3-FIFO, section 4.1). */
const SMALL_SHARE = 0.1
/** Uses are counted to here: two bits. */
const MAX_FREQUENCY = 3
/** A block used more than this while it was small goes on to the main queue (Algorithm 1, EVICTS). */
const MOVE_ABOVE = 1

/**
 * S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, Algorithm 1), with bytes
 * in place of objects. The ghosts are as many bytes as the main queue may hold.
 */
export class S3Fifo implements CachePolicy {
  readonly #capacity: number
  readonly #small = new SizedQueue()
  readonly #main = new SizedQueue()
  readonly #ghosts = new SizedQueue()
  readonly #frequency = new Map<number, number>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  request({ key, size }: CacheRequest): boolean {
    const frequency = this.#frequency.get(key)
    if (frequency !== undefined) {
      this.#frequency.set(key, Math.min(frequency + 1, MAX_FREQUENCY))
      return true
    }
    if (size > this.#capacity) return false
    while (this.bytes + size > this.#capacity) this.#evict()
    const queue = this.#ghosts.has(key) ? this.#main : this.#small
    this.#ghosts.delete(key)
    queue.push(key, size)
    this.#frequency.set(key, 0)
    return false
  }

  #evict(): void {
    if (this.#small.bytes >= SMALL_SHARE * this.#capacity || this.#main.length === 0) this.#evictSmall()
    else this.#evictMain()
  }

  #evictSmall(): void {
    for (let tail = this.#small.shift(); tail !== undefined; tail = this.#small.shift()) {
      const { key, size } = tail
      if ((this.#frequency.get(key) ?? 0) > MOVE_ABOVE) {
        this.#frequency.set(key, 0)
        this.#main.push(key, size)
        while (this.#main.bytes > (1 - SMALL_SHARE) * this.#capacity) this.#evictMain()
        continue
      }
      this.#frequency.delete(key)
      this.#ghosts.push(key, size)
      while (this.#ghosts.bytes > (1 - SMALL_SHARE) * this.#capacity) this.#ghosts.shift()
      return
    }
  }

  #evictMain(): void {
    for (let tail = this.#main.shift(); tail !== undefined; tail = this.#main.shift()) {
      const frequency = this.#frequency.get(tail.key) ?? 0
      if (frequency === 0) {
        this.#frequency.delete(tail.key)
        return
      }
      this.#frequency.set(tail.key, frequency - 1)
      this.#main.push(tail.key, tail.size)
    }
  }
}
