import { ValidationError } from '@blackhole/protocol'
import { MAX_COUNTED_USES } from './eviction.ts'
import { forgetGhosts, makeRoom, readTotals, removeBlocks } from './idb-eviction.ts'
import { isQuotaExceeded, openPieces } from './idb-open.ts'
import { PIECES_DATABASE } from './idb-schema.ts'
import { IdbLease } from './idb-lease.ts'
import { defaultQuotaBytes } from './quota.ts'
import { StoreFullError } from './store-full-error.ts'
import type { WriteTransaction } from './idb-eviction.ts'
import type { PiecesDatabase } from './idb-schema.ts'
import type { Lease, PieceStore, PieceStoreUsage, StoredBlock } from './piece-store.ts'
import type { StorageEstimator } from './quota.ts'

/** What an {@link IdbPieceStore} needs from outside. */
export interface IdbPieceStoreComponents {
  /** Milliseconds since 1970. Default: `Date.now`. */
  now?: () => number
  /** Who knows the origin's quota. Default: `navigator.storage`. */
  storage?: StorageEstimator
}

/** What may be set of an {@link IdbPieceStore}. */
export interface IdbPieceStoreInit {
  /** Default: `blackhole-pieces`. */
  databaseName?: string
  /** Most bytes held; 0, the default, means the smaller of 512 MiB and a fifth of the origin's quota. */
  maxBytes?: number
  /** A lease of a context that died ends after this time. Default: 60 s. */
  leaseTtlMs?: number
  /** The database must be open by then. Default: 5 s. */
  openTimeoutMs?: number
}

/** What is used when nothing is set. */
export const IDB_PIECE_STORE_DEFAULTS: Required<IdbPieceStoreInit> = Object.freeze({
  databaseName: PIECES_DATABASE,
  maxBytes: 0,
  leaseTtlMs: 60_000,
  openTimeoutMs: 5_000,
})

const EVERYTHING = ['pieces', 'meta', 'leases', 'totals', 'ghosts'] as const
/** Pieces are a cache that can be fetched again: no write waits for the disk. */
const RELAXED = { durability: 'relaxed' } as const

interface PendingPut {
  readonly blocks: readonly StoredBlock[]
  readonly done: () => void
  readonly failed: (reason: unknown) => void
}

/**
 * A piece store in IndexedDB, shared by page and worker of an origin. Puts that
 * come together share one transaction; uses are noted with the next
 * write, so reading stays reading.
 */
export class IdbPieceStore implements PieceStore {
  readonly #now: () => number
  readonly #storage: StorageEstimator | undefined
  readonly #init: Required<IdbPieceStoreInit>
  readonly #leases = new Set<IdbLease>()
  readonly #touched = new Map<string, number>()
  #database: Promise<PiecesDatabase> | undefined
  #quota: Promise<number> | undefined
  #queue: PendingPut[] = []
  #writing: Promise<void> | undefined

  /** @throws {ValidationError} naming the option that is out of bounds */
  constructor(components: IdbPieceStoreComponents = {}, init: IdbPieceStoreInit = {}) {
    this.#now = components.now ?? Date.now
    this.#storage =
      components.storage ?? (globalThis as { navigator?: { storage?: StorageEstimator } }).navigator?.storage
    this.#init = { ...IDB_PIECE_STORE_DEFAULTS, ...init }
    if (!(this.#init.maxBytes >= 0)) throw new ValidationError('maxBytes', '0 or more', this.#init.maxBytes)
    if (!(this.#init.leaseTtlMs >= 1000))
      throw new ValidationError('leaseTtlMs', 'at least 1000', this.#init.leaseTtlMs)
  }

  async open(): Promise<void> {
    await this.#open()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#leases].map((lease) => lease.release()))
    await this.#writing
    const database = await this.#database?.catch(() => undefined)
    if (database !== undefined) await this.#writeTouched(database).catch(() => undefined)
    database?.close()
    this.#database = undefined
  }

  async has(cid: string): Promise<boolean> {
    return (await (await this.#open()).getKey('meta', cid)) !== undefined
  }

  async hasMany(cids: readonly string[]): Promise<boolean[]> {
    const tx = (await this.#open()).transaction('meta')
    // For long lists one walk over the keys is faster than a question for each.
    if (cids.length > 64) {
      const keys = new Set(await tx.store.getAllKeys())
      return cids.map((cid) => keys.has(cid))
    }
    return Promise.all(cids.map(async (cid) => (await tx.store.getKey(cid)) !== undefined))
  }

  async get(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.getMany([cid]))[0]
  }

  async getMany(cids: readonly string[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
    const pieces = (await this.#open()).transaction('pieces').store
    return Promise.all(
      cids.map(async (cid) => {
        const bytes = await pieces.get(cid)
        if (bytes !== undefined) this.#touched.set(cid, (this.#touched.get(cid) ?? 0) + 1)
        return bytes
      }),
    )
  }

  put(blocks: readonly StoredBlock[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#queue.push({ blocks, done, failed })
      this.#writing ??= this.#drain()
    })
  }

  async delete(cids: readonly string[]): Promise<void> {
    await this.#removeAll(() => Promise.resolve([...new Set(cids)]))
  }

  async lease(cids: readonly string[]): Promise<Lease> {
    const lease = new IdbLease(
      { now: this.#now, open: () => this.#open() },
      { cids: [...cids], ttlMs: this.#init.leaseTtlMs },
    )
    await lease.take()
    this.#leases.add(lease)
    return {
      release: async () => {
        this.#leases.delete(lease)
        await lease.release()
      },
    }
  }

  async usage(): Promise<PieceStoreUsage> {
    const database = await this.#open()
    const { pieces, bytes } = await readTotals(database.transaction('totals'))
    return { pieces, bytes, quotaBytes: await this.#quotaBytes() }
  }

  async clear(site?: string): Promise<void> {
    await this.#removeAll(async (tx) => {
      const [meta, ghosts] = [tx.objectStore('meta'), tx.objectStore('ghosts')]
      const keys = await Promise.all(
        site === undefined
          ? [meta.getAllKeys(), ghosts.getAllKeys()]
          : [meta.index('site').getAllKeys(site), ghosts.index('site').getAllKeys(site)],
      )
      return keys.flat()
    })
  }

  #open(): Promise<PiecesDatabase> {
    if (this.#database === undefined) {
      const forget = (): void => {
        if (this.#database === opening) this.#database = undefined
      }
      const opening: Promise<PiecesDatabase> = openPieces(this.#init.databaseName, this.#init.openTimeoutMs, {
        // A newer Blackhole wants to migrate: let it, and open again when needed.
        blocking: (_current, _blocked, event) => {
          forget()
          ;(event.target as IDBDatabase).close()
        },
        // The browser closed it (storage cleared, disk error): open again when needed.
        terminated: forget,
      })
      opening.catch(forget)
      this.#database = opening
    }
    return this.#database
  }

  #quotaBytes(): Promise<number> {
    this.#quota ??= this.#init.maxBytes > 0 ? Promise.resolve(this.#init.maxBytes) : defaultQuotaBytes(this.#storage)
    return this.#quota
  }

  /** Writes what is queued, all that came meanwhile in one transaction. */
  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue
        this.#queue = []
        try {
          await this.#write(batch.flatMap(({ blocks }) => blocks))
          for (const { done } of batch) done()
        } catch (error) {
          if (batch.length === 1) {
            for (const { failed } of batch) failed(error)
            continue
          }
          // One block that doesn't fit must not fail the puts of others: each has its own chance.
          for (const { blocks, done, failed } of batch) await this.#write(blocks).then(done, failed)
        }
      }
    } finally {
      this.#writing = undefined
    }
  }

  async #write(blocks: readonly StoredBlock[]): Promise<void> {
    const database = await this.#open()
    const quotaBytes = await this.#quotaBytes()
    const bytes = blocks.reduce((sum, block) => sum + block.bytes.byteLength, 0)
    try {
      await this.#transact(database, (tx) => this.#writeInside(tx, blocks, quotaBytes))
    } catch (error) {
      if (!isQuotaExceeded(error)) throw error
      try {
        await this.#transact(database, async (tx) => {
          const totals = await makeRoom(tx, {
            bytes: 0,
            protect: this.#leased(),
            quotaBytes,
            now: this.#now(),
            force: bytes * 2,
          })
          await tx.objectStore('totals').put(totals, 'usage')
        })
        await this.#transact(database, (tx) => this.#writeInside(tx, blocks, quotaBytes))
      } catch (cause) {
        if (isQuotaExceeded(cause)) throw new StoreFullError(bytes, quotaBytes, { cause })
        throw cause
      }
    }
  }

  async #writeInside(tx: WriteTransaction, blocks: readonly StoredBlock[], quotaBytes: number): Promise<void> {
    const now = this.#now()
    const meta = tx.objectStore('meta')
    const fresh = new Map<string, StoredBlock>()
    await Promise.all(
      blocks.map(async (block) => {
        if ((await meta.getKey(block.cid)) === undefined) fresh.set(block.cid, block)
      }),
    )
    let bytes = 0
    for (const block of fresh.values()) bytes += block.bytes.byteLength
    await this.#touchInside(tx)
    const protect = new Set([...this.#leased(), ...blocks.map(({ cid }) => cid)])
    const totals = await makeRoom(tx, { bytes, protect, quotaBytes, now })
    const back = await forgetGhosts(tx, [...fresh.keys()])
    const writes: Promise<unknown>[] = []
    let place = totals.nextPlace
    for (const { cid, bytes: content, site } of fresh.values()) {
      // A view on a larger buffer would be cloned with all of that buffer.
      const own = content.byteLength === content.buffer.byteLength ? content : content.slice()
      writes.push(tx.objectStore('pieces').put(own, cid))
      const queue = back.found.has(cid) ? 'main' : 'small'
      writes.push(meta.put({ cid, size: content.byteLength, site, queue, place: place++, uses: 0 }))
    }
    const after = {
      pieces: totals.pieces + fresh.size,
      bytes: totals.bytes + bytes,
      ghostBytes: totals.ghostBytes - back.bytes,
      nextPlace: place,
    }
    writes.push(tx.objectStore('totals').put(after, 'usage'))
    await Promise.all(writes)
  }

  /** What this context leased: it stays, even if a sleeping computer let the rows expire. */
  #leased(): Set<string> {
    return new Set([...this.#leases].flatMap(({ cids }) => cids))
  }

  /** Runs one transaction to its end, and aborts it when the work throws. */
  async #transact(database: PiecesDatabase, work: (tx: WriteTransaction) => Promise<void>): Promise<void> {
    const tx: WriteTransaction = database.transaction([...EVERYTHING], 'readwrite', RELAXED)
    // It may fail while we still wait for a request of it: then the request's error is the one to tell.
    tx.done.catch(() => undefined)
    try {
      await work(tx)
    } catch (error) {
      try {
        tx.abort()
      } catch {
        // It has aborted by itself already.
      }
      throw tx.error ?? error
    }
    await tx.done
  }

  async #touchInside(tx: WriteTransaction): Promise<void> {
    const touched = [...this.#touched]
    this.#touched.clear()
    const meta = tx.objectStore('meta')
    await Promise.all(
      touched.map(async ([cid, times]) => {
        const row = await meta.get(cid)
        if (row === undefined) return
        const uses = Math.min(MAX_COUNTED_USES, row.uses + times)
        // What is popular is read most often: nothing has to be written for it.
        if (uses !== row.uses) await meta.put({ ...row, uses })
      }),
    )
  }

  async #writeTouched(database: PiecesDatabase): Promise<void> {
    if (this.#touched.size > 0) await this.#transact(database, (tx) => this.#touchInside(tx))
  }

  async #removeAll(select: (tx: WriteTransaction) => Promise<string[]>): Promise<void> {
    await this.#writing
    await this.#transact(await this.#open(), async (tx) => {
      const meta = tx.objectStore('meta')
      const cids = await select(tx)
      const rows = (await Promise.all(cids.map((cid) => meta.get(cid)))).filter((row) => row !== undefined)
      const forgotten = await forgetGhosts(tx, cids)
      const totals = await readTotals(tx)
      await removeBlocks(
        tx,
        rows.map(({ cid }) => cid),
      )
      const bytes = rows.reduce((sum, { size }) => sum + size, 0)
      const after = {
        ...totals,
        pieces: totals.pieces - rows.length,
        bytes: totals.bytes - bytes,
        ghostBytes: totals.ghostBytes - forgotten.bytes,
      }
      await tx.objectStore('totals').put(after, 'usage')
    })
  }
}
