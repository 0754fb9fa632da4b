import { ValidationError } from '@blackhole/protocol'
import { EVICTION_LOW_WATERMARK, MAX_COUNTED_USES, MAX_GHOSTS, planEvictions, SMALL_SHARE } from './eviction.ts'
import { StoreFullError } from './store-full-error.ts'
import type { EvictionCandidate, EvictionQueue } from './eviction.ts'
import type { Lease, PieceStore, PieceStoreUsage, StoredBlock } from './piece-store.ts'

/** What may be set of a {@link MemoryPieceStore}. */
export interface MemoryPieceStoreInit {
  /** Most bytes held. Default: 64 MiB, what a page can spare in private windows. */
  maxBytes?: number
}

const DEFAULTS: Required<MemoryPieceStoreInit> = Object.freeze({ maxBytes: 64 * 1024 * 1024 })

interface Entry {
  readonly cid: string
  readonly size: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly site: string
  queue: EvictionQueue
  place: number
  uses: number
}

/** A piece store that lives as long as its page or process. */
export class MemoryPieceStore implements PieceStore {
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  /** Addresses of blocks that went too early to know whether they are popular, oldest first. */
  readonly #ghosts = new Map<string, Pick<Entry, 'size' | 'site'>>()
  readonly #leases = new Set<ReadonlySet<string>>()
  #bytes = 0
  #ghostBytes = 0
  #nextPlace = 0

  /**
   * @param _components - nothing is needed from outside: all stores are made alike
   * @throws {ValidationError} when `maxBytes` is not a number above 0
   */
  constructor(_components: object = {}, init: MemoryPieceStoreInit = {}) {
    this.#maxBytes = init.maxBytes ?? DEFAULTS.maxBytes
    if (!(this.#maxBytes > 0)) throw new ValidationError('maxBytes', 'a number above 0', this.#maxBytes)
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  has(cid: string): Promise<boolean> {
    return Promise.resolve(this.#entries.has(cid))
  }

  hasMany(cids: readonly string[]): Promise<boolean[]> {
    return Promise.resolve(cids.map((cid) => this.#entries.has(cid)))
  }

  get(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const entry = this.#entries.get(cid)
    if (entry !== undefined) entry.uses = Math.min(MAX_COUNTED_USES, entry.uses + 1)
    return Promise.resolve(entry?.bytes)
  }

  getMany(cids: readonly string[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
    return Promise.all(cids.map((cid) => this.get(cid)))
  }

  put(blocks: readonly StoredBlock[]): Promise<void> {
    const fresh = new Map<string, StoredBlock>()
    for (const block of blocks) if (!this.#entries.has(block.cid)) fresh.set(block.cid, block)
    let bytes = 0
    for (const block of fresh.values()) bytes += block.bytes.byteLength
    try {
      this.#makeRoom(bytes, new Set(blocks.map(({ cid }) => cid)))
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
    for (const { cid, bytes: content, site } of fresh.values()) {
      const queue = this.#forgetGhost(cid) ? 'main' : 'small'
      const place = this.#nextPlace++
      this.#entries.set(cid, { cid, site, bytes: content, size: content.byteLength, queue, place, uses: 0 })
    }
    this.#bytes += bytes
    return Promise.resolve()
  }

  delete(cids: readonly string[]): Promise<void> {
    for (const cid of cids) this.#remove(cid)
    return Promise.resolve()
  }

  lease(cids: readonly string[]): Promise<Lease> {
    const held: ReadonlySet<string> = new Set(cids)
    this.#leases.add(held)
    return Promise.resolve({
      release: () => {
        this.#leases.delete(held)
        return Promise.resolve()
      },
    })
  }

  usage(): Promise<PieceStoreUsage> {
    return Promise.resolve({ pieces: this.#entries.size, bytes: this.#bytes, quotaBytes: this.#maxBytes })
  }

  clear(site?: string): Promise<void> {
    for (const entry of [...this.#entries.values()])
      if (site === undefined || entry.site === site) this.#remove(entry.cid)
    for (const [cid, ghost] of [...this.#ghosts]) if (site === undefined || ghost.site === site) this.#forgetGhost(cid)
    return Promise.resolve()
  }

  #makeRoom(bytes: number, incoming: ReadonlySet<string>): void {
    if (this.#bytes + bytes <= this.#maxBytes) return
    const protect = new Set(incoming)
    for (const lease of this.#leases) for (const cid of lease) protect.add(cid)
    const must = this.#bytes + bytes - this.#maxBytes
    const target = Math.max(must, this.#bytes + bytes - Math.floor(this.#maxBytes * EVICTION_LOW_WATERMARK))
    const plan = planEvictions([...this.#entries.values()], { protect, bytes: target, nextPlace: this.#nextPlace })
    if (plan.evicted.reduce((sum, { size }) => sum + size, 0) < must) throw new StoreFullError(bytes, this.#maxBytes)
    for (const ghost of plan.ghosts) this.#remember(ghost)
    for (const { cid } of plan.evicted) this.#remove(cid)
    for (const { cid, queue, place, uses } of plan.moved) {
      const entry = this.#entries.get(cid)
      if (entry !== undefined) Object.assign(entry, { queue, place, uses })
    }
    this.#nextPlace = plan.nextPlace
  }

  #remember({ cid, size }: EvictionCandidate): void {
    this.#forgetGhost(cid)
    this.#ghosts.set(cid, { size, site: this.#entries.get(cid)?.site ?? '' })
    this.#ghostBytes += size
    for (const oldest of this.#ghosts.keys()) {
      if (this.#ghosts.size <= MAX_GHOSTS && this.#ghostBytes <= (1 - SMALL_SHARE) * this.#maxBytes) return
      this.#forgetGhost(oldest)
    }
  }

  /** @returns whether it was one */
  #forgetGhost(cid: string): boolean {
    this.#ghostBytes -= this.#ghosts.get(cid)?.size ?? 0
    return this.#ghosts.delete(cid)
  }

  #remove(cid: string): void {
    const entry = this.#entries.get(cid)
    if (entry === undefined) return
    this.#entries.delete(cid)
    this.#bytes -= entry.size
  }
}
