import { EVICTION_LOW_WATERMARK, MAX_COUNTED_USES, planEvictions, SMALL_SHARE } from '@blackhole/swarm'
import { SizedQueue } from './sized-queue.ts'
import type { EvictionCandidate } from '@blackhole/swarm'
import type { CachePolicy, CacheRequest } from './policy.ts'

/** What the piece stores do: the product's own plan, a tenth of the quota at a time. */
export class PieceStorePlan implements CachePolicy {
  readonly #capacity: number
  readonly #blocks = new Map<number, EvictionCandidate>()
  readonly #ghosts = new SizedQueue()
  #bytes = 0
  #place = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#bytes
  }

  request({ key, size }: CacheRequest): boolean {
    const block = this.#blocks.get(key)
    if (block !== undefined) {
      if (block.uses < MAX_COUNTED_USES) this.#blocks.set(key, { ...block, uses: block.uses + 1 })
      return true
    }
    if (size > this.#capacity) return false
    if (this.#bytes + size > this.#capacity) this.#makeRoom(size)
    const queue = this.#ghosts.has(key) ? 'main' : 'small'
    this.#ghosts.delete(key)
    this.#blocks.set(key, { cid: String(key), size, queue, place: this.#place++, uses: 0 })
    this.#bytes += size
    return false
  }

  #makeRoom(size: number): void {
    const must = this.#bytes + size - this.#capacity
    const bytes = Math.max(must, this.#bytes + size - Math.floor(this.#capacity * EVICTION_LOW_WATERMARK))
    const plan = planEvictions([...this.#blocks.values()], { protect: new Set(), bytes, nextPlace: this.#place })
    for (const { cid, size: freed } of plan.evicted) {
      this.#blocks.delete(Number(cid))
      this.#bytes -= freed
    }
    for (const block of plan.moved) this.#blocks.set(Number(block.cid), block)
    for (const ghost of plan.ghosts) this.#ghosts.push(Number(ghost.cid), ghost.size)
    while (this.#ghosts.bytes > (1 - SMALL_SHARE) * this.#capacity) this.#ghosts.shift()
    this.#place = plan.nextPlace
  }
}
