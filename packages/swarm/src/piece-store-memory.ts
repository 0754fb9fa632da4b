import { ValidationError } from '@blackhole/protocol'
import { chooseEvictions, EVICTION_LOW_WATERMARK } from './eviction.ts'
import { StoreFullError } from './store-full-error.ts'
import type { Lease, PieceStore, PieceStoreUsage, StoredBlock } from './piece-store.ts'

/** What a {@link MemoryPieceStore} needs from outside. */
export interface MemoryPieceStoreComponents {
  /** Milliseconds since 1970. Default: `Date.now`. */
  now?: () => number
}

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
  lastUsed: number
  uses: number
}

/** A piece store that lives as long as its page or process. */
export class MemoryPieceStore implements PieceStore {
  readonly #now: () => number
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  readonly #leases = new Set<ReadonlySet<string>>()
  #bytes = 0

  /** @throws {ValidationError} when `maxBytes` is not a number above 0 */
  constructor(components: MemoryPieceStoreComponents = {}, init: MemoryPieceStoreInit = {}) {
    this.#now = components.now ?? Date.now
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
    if (entry !== undefined) {
      entry.uses += 1
      entry.lastUsed = this.#now()
    }
    return Promise.resolve(entry?.bytes)
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
      this.#entries.set(cid, { cid, site, bytes: content, size: content.byteLength, lastUsed: this.#now(), uses: 0 })
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
    return Promise.resolve()
  }

  #makeRoom(bytes: number, incoming: ReadonlySet<string>): void {
    if (this.#bytes + bytes <= this.#maxBytes) return
    const protect = new Set(incoming)
    for (const lease of this.#leases) for (const cid of lease) protect.add(cid)
    const must = this.#bytes + bytes - this.#maxBytes
    const target = Math.max(must, this.#bytes + bytes - Math.floor(this.#maxBytes * EVICTION_LOW_WATERMARK))
    const chosen = chooseEvictions([...this.#entries.values()], protect, target, this.#now())
    if (chosen.reduce((sum, { size }) => sum + size, 0) < must) throw new StoreFullError(bytes, this.#maxBytes)
    for (const { cid } of chosen) this.#remove(cid)
  }

  #remove(cid: string): void {
    const entry = this.#entries.get(cid)
    if (entry === undefined) return
    this.#entries.delete(cid)
    this.#bytes -= entry.size
  }
}
