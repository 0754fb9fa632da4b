import { SizedQueue } from './sized-queue.ts'
import type { CachePolicy, CacheRequest } from './policy.ts'

/** Least frequently used goes first, of equals the one used longest ago. Uses are forgotten with the block ("in-cache LFU"). */
export class Lfu implements CachePolicy {
  readonly #capacity: number
  readonly #uses = new Map<number, number>()
  readonly #byUses = new Map<number, SizedQueue>()
  #least = 1
  #bytes = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#bytes
  }

  request({ key, size }: CacheRequest): boolean {
    const uses = this.#uses.get(key)
    if (uses !== undefined) {
      this.#byUses.get(uses)?.delete(key)
      this.#enter(key, size, uses + 1)
      return true
    }
    if (size > this.#capacity) return false
    while (this.#bytes + size > this.#capacity) this.#evict()
    this.#bytes += size
    this.#least = 1
    this.#enter(key, size, 1)
    return false
  }

  #enter(key: number, size: number, uses: number): void {
    this.#uses.set(key, uses)
    const queue = this.#byUses.get(uses) ?? new SizedQueue()
    this.#byUses.set(uses, queue)
    queue.push(key, size)
  }

  #evict(): void {
    while ((this.#byUses.get(this.#least)?.length ?? 0) === 0) {
      this.#byUses.delete(this.#least)
      this.#least += 1
    }
    const victim = this.#byUses.get(this.#least)?.shift()
    if (victim === undefined) return
    this.#uses.delete(victim.key)
    this.#bytes -= victim.size
  }
}
