import { openDB } from 'idb'
import type { DBSchema, IDBPDatabase } from 'idb'
import { CLIENT_GRACE_MS, MemoryClientRoots } from './client-roots.ts'
import type { ClientRoots } from './client-roots.ts'

/** Database of the worker alone. */
export const WORKER_DATABASE = 'blackhole-worker'

const WORKER_DATABASE_VERSION = 1

interface WorkerSchema extends DBSchema {
  clients: { key: string; value: { readonly root: string; readonly at: number } }
}

/**
 * {@link ClientRoots} in IndexedDB. What was read or written is also kept in
 * memory, so that the next request of a page waits for nothing, and so that a
 * database that fails only costs what a killed worker would have known.
 */
export class IdbClientRoots implements ClientRoots {
  readonly #memory: MemoryClientRoots
  readonly #now: () => number
  #db: Promise<IDBPDatabase<WorkerSchema>> | undefined

  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#memory = new MemoryClientRoots(now)
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
      this.#db ??= openDB<WorkerSchema>(WORKER_DATABASE, WORKER_DATABASE_VERSION, {
        upgrade: (db) => {
          db.createObjectStore('clients')
        },
        terminated: () => {
          this.#db = undefined
        },
      })
      return await action(await this.#db)
    } catch {
      this.#db = undefined
      return undefined
    }
  }
}
