import { SizedQueue } from './sized-queue.ts'
import type { CachePolicy, CacheRequest } from './policy.ts'

/** Least recently used goes first. */
export class Lru implements CachePolicy {
  readonly #capacity: number
  readonly #queue = new SizedQueue()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#queue.bytes
  }

  request({ key, size }: CacheRequest): boolean {
    const hit = this.#queue.has(key)
    if (size > this.#capacity) return hit
    this.#queue.push(key, size)
    while (this.#queue.bytes > this.#capacity) this.#queue.shift()
    return hit
  }
}
