import type { Lease } from './piece-store.ts'
import type { PiecesDatabase } from './idb-schema.ts'

/** What a lease needs of its store. */
export interface IdbLeaseComponents {
  now(): number
  open(): Promise<PiecesDatabase>
}

/** What is leased and how long a renewal lasts. */
export interface IdbLeaseInit {
  readonly cids: string[]
  readonly ttlMs: number
}

/** A lease as a row that other contexts see. It is renewed at a third of its life, and dies with its context. */
export class IdbLease implements Lease {
  readonly #components: IdbLeaseComponents
  readonly #init: IdbLeaseInit
  readonly #id = crypto.randomUUID()
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(components: IdbLeaseComponents, init: IdbLeaseInit) {
    this.#components = components
    this.#init = init
  }

  /** What it protects. */
  get cids(): readonly string[] {
    return this.#init.cids
  }

  /** Writes the row and begins to renew it. */
  async take(): Promise<void> {
    await this.#write()
    this.#timer = setInterval(() => {
      // A renewal that fails is made good by the next; three fit into one life.
      this.#write().catch(() => undefined)
    }, this.#init.ttlMs / 3)
  }

  async release(): Promise<void> {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    const database = await this.#components.open()
    await database.delete('leases', this.#id)
  }

  async #write(): Promise<void> {
    const database = await this.#components.open()
    const tx = database.transaction('leases', 'readwrite', { durability: 'relaxed' })
    await Promise.all([
      tx.store.put({ id: this.#id, cids: this.#init.cids, expires: this.#components.now() + this.#init.ttlMs }),
      tx.done,
    ])
  }
}
