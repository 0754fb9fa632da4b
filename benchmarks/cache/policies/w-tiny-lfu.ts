import { FrequencySketch } from './frequency-sketch.ts'
import { SizedQueue } from './sized-queue.ts'
import type { CachePolicy, CacheRequest } from './policy.ts'

/** Part of the cache that takes everybody, as in the paper. Caffeine begins with it and climbs to what hits most. */
const WINDOW_SHARE = 0.01
/** Part of the main cache for what was used again there. */
const PROTECTED_SHARE = 0.8
/** Blocks that the sketch is made for, by capacity: the mean size of a file of the sites. */
const MEAN_BLOCK_BYTES = 32 * 1024

/**
 * W-TinyLFU (Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM TOS 13(4), 2017):
 * a small LRU window, then a segmented LRU that admits what was asked for more often than what it
 * would push out. Sizes as in "Lightweight Robust Size Aware Cache Management" (Einziger et al., ACM TOS 18(3),
 * 2022), aggregated victims: a block must beat all that have to go for it together.
 */
export class WTinyLfu implements CachePolicy {
  readonly #capacity: number
  readonly #windowBytes: number
  readonly #sketch: FrequencySketch
  readonly #window = new SizedQueue()
  readonly #probation = new SizedQueue()
  readonly #protected = new SizedQueue()

  constructor(capacity: number, windowShare = WINDOW_SHARE) {
    this.#capacity = capacity
    this.#windowBytes = capacity * windowShare
    this.#sketch = new FrequencySketch(capacity / MEAN_BLOCK_BYTES)
  }

  get bytes(): number {
    return this.#window.bytes + this.#probation.bytes + this.#protected.bytes
  }

  request({ key, size }: CacheRequest): boolean {
    this.#sketch.increment(key)
    if (this.#window.has(key)) {
      this.#window.push(key, size)
      return true
    }
    if (this.#protected.has(key) || this.#probation.has(key)) {
      this.#probation.delete(key)
      this.#protected.push(key, size)
      while (this.#protected.bytes > PROTECTED_SHARE * (this.#capacity - this.#windowBytes)) {
        const demoted = this.#protected.shift()
        if (demoted !== undefined) this.#probation.push(demoted.key, demoted.size)
      }
      return true
    }
    this.#window.push(key, size)
    while (this.#window.bytes > this.#windowBytes) {
      const candidate = this.#window.shift()
      if (candidate !== undefined) this.#offer(candidate)
    }
    return false
  }

  #offer({ key, size }: { key: number; size: number }): void {
    const room = this.#capacity - this.#windowBytes
    if (size > room) return
    const need = this.#probation.bytes + this.#protected.bytes + size - room
    const victims: [SizedQueue, number][] = []
    let freed = 0
    let worth = 0
    for (const queue of [this.#probation, this.#protected]) {
      for (const [victim, bytes] of queue.entries()) {
        if (freed >= need) break
        victims.push([queue, victim])
        freed += bytes
        worth += this.#sketch.estimate(victim)
      }
    }
    if (victims.length > 0 && this.#sketch.estimate(key) <= worth) {
      // The victims were looked at: they get another round, so that one of them can't block everybody (section 4.2).
      const [first] = victims
      if (first?.[0] === this.#probation) this.#requeue(first[1])
      return
    }
    for (const [queue, victim] of victims) queue.delete(victim)
    this.#probation.push(key, size)
  }

  #requeue(key: number): void {
    for (const [first, size] of this.#probation.entries()) {
      if (first === key) this.#probation.push(key, size)
      return
    }
  }
}
