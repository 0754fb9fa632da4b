import { openDB } from 'idb'
import type { DBSchema, IDBPDatabase } from 'idb'
import type { Clock } from '../clock.ts'
import { InTime } from '../in-time.ts'
import { CLIENT_GRACE_MS, MemoryClientRoots } from './client-roots.ts'
import type { ClientRoots } from './client-roots.ts'

/** Database of the worker alone. */
export const WORKER_DATABASE = 'blackhole-worker'

const WORKER_DATABASE_VERSION = 1

/** Requests wait for it; what it would tell is only which version a page began with. */
const TIMEOUT_MS = 1_500

interface WorkerSchema extends DBSchema {
  clients: { key: string; value: { readonly root: string; readonly at: number } }
}

/**
 * {@link ClientRoots} in IndexedDB. What was read or written is also kept in
 * memory, so that the next request of a page waits for nothing, and so that a
 * database that fails, or hangs, only costs what a killed worker would have known.
 */
export class IdbClientRoots implements ClientRoots {
  readonly #memory: MemoryClientRoots
  readonly #now: () => number
  readonly #inTime: InTime
  #db: Promise<IDBPDatabase<WorkerSchema>> | undefined

  constructor({ clock }: { readonly clock: Clock }) {
    this.#now = () => clock.now()
    this.#memory = new MemoryClientRoots(this.#now)
    this.#inTime = new InTime({ clock }, { what: 'The versions of open pages', timeoutMs: TIMEOUT_MS })
  }

  async get(clientId: string): Promise<string | undefined> {
    const known = await this.#memory.get(clientId)
    if (known !== undefined) return known
    const stored = await this.#use((db) => db.get('clients', clientId))
    if (stored !== undefined) await this.#memory.set(clientId, stored.root)
    return stored?.root
  }

  async set(clientId: string, root: string): Promise<void> {
    await this.#memory.set(clientId, root)
    await this.#use((db) => db.put('clients', { root, at: this.#now() }, clientId))
  }

  async keepOnly(clientIds: ReadonlySet<string>): Promise<void> {
    await this.#memory.keepOnly(clientIds)
    await this.#use(async (db) => {
      const tx = db.transaction('clients', 'readwrite')
      for await (const cursor of tx.store) {
        if (!clientIds.has(cursor.key) && cursor.value.at < this.#now() - CLIENT_GRACE_MS) await cursor.delete()
      }
      await tx.done
    })
  }

  async clear(): Promise<void> {
    await this.#memory.clear()
    await this.#use((db) => db.clear('clients'))
  }

  /** Closes the database; it opens again on use. */
  async close(): Promise<void> {
    const db = this.#db
    this.#db = undefined
    ;(await db?.catch(() => undefined))?.close()
  }

  async #use<T>(action: (db: IDBPDatabase<WorkerSchema>) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#inTime.ask(async () => await action(await this.#open()))
    } catch {
      // One that opens late must not keep others from changing it.
      void this.close()
      return undefined
    }
  }

  async #open(): Promise<IDBPDatabase<WorkerSchema>> {
    this.#db ??= openDB<WorkerSchema>(WORKER_DATABASE, WORKER_DATABASE_VERSION, {
      upgrade: (db) => {
        db.createObjectStore('clients')
      },
      terminated: () => {
        this.#db = undefined
      },
    })
    return await this.#db
  }
}
