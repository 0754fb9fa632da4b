import { BlackholeError, DeadlineError } from '@blackhole/protocol'
import type { Manifest, SiteName } from '@blackhole/protocol'
import { openDB } from 'idb'
import type { DBSchema, IDBPDatabase } from 'idb'
import type { OriginValidators } from '../origin/origin-sample.ts'
import type { SiteRecord } from '../record.ts'
import { addCounters } from './memory-site-state.ts'
import { newestOf } from './newest-record.ts'
import { MAX_MANIFESTS_PER_SITE, MAX_READY_ANSWERS, NO_BYTES } from './site-state.ts'
import type { Counters, ReadyAnswer, SettingValue, SiteState } from './site-state.ts'

/** The database of an origin, shared by page and worker. */
export const STATE_DATABASE = 'blackhole-state'

/** Schema version; `upgrade` brings every older one here. */
const STATE_VERSION = 1

/** Opening waits for other tabs that hold an older version; a page can't wait for ever. */
const OPEN_TIMEOUT_MS = 3_000

interface StateSchema extends DBSchema {
  records: { key: string; value: SiteRecord }
  manifests: { key: string; value: StoredManifest; indexes: { name: string } }
  values: { key: string; value: Value }
  /** Keyed by root and path; the path is empty for the flag of the whole version. */
  origin: { key: [root: string, path: string]; value: OriginEntry }
}

/** The last are the paths of the answers that are ready, the one kept longest ago first. */
type Value = SettingValue | Counters | ReadyAnswer | readonly string[]

interface StoredManifest {
  readonly root: string
  readonly name: SiteName
  readonly manifest: Manifest
  /** Rises with each put: the age of entries. */
  readonly put: number
}

interface OriginEntry {
  readonly root: string
  readonly path: string
  readonly stale?: boolean
  readonly validators?: OriginValidators
}

const COUNTERS = 'counters'
const SETTING_PREFIX = 'setting:'
const ANSWERS = 'answers'
const ANSWER_PREFIX = 'answer:'

/** {@link SiteState} in IndexedDB: database {@link STATE_DATABASE} of the origin. */
export class IdbSiteState implements SiteState {
  #db: Promise<IDBPDatabase<StateSchema>> | undefined

  async open(): Promise<void> {
    await this.#use(async () => undefined)
  }

  async close(): Promise<void> {
    const opened = this.#db
    this.#db = undefined
    // one that never opened needs no closing
    await opened?.then(
      (db) => db.close(),
      () => undefined,
    )
  }

  record(name: SiteName): Promise<SiteRecord | undefined> {
    return this.#use((db) => db.get('records', name))
  }

  async acceptRecord(record: SiteRecord): Promise<SiteRecord> {
    return this.#use(async (db) => {
      const tx = db.transaction('records', 'readwrite')
      return settled(tx, async () => {
        const known = await tx.store.get(record.name)
        const newest = newestOf(record, known)
        if (newest !== known) await tx.store.put(newest, record.name)
        return newest
      })
    })
  }

  manifest(root: string): Promise<Manifest | undefined> {
    return this.#use(async (db) => {
      const manifest = (await db.get('manifests', root))?.manifest
      // cloning gave the files a prototype, whose members are no files
      return manifest && { ...manifest, files: Object.assign(Object.create(null), manifest.files) as Manifest['files'] }
    })
  }

  putManifest(name: SiteName, root: string, manifest: Manifest): Promise<void> {
    return this.#use(async (db) => {
      const tx = db.transaction(['manifests', 'origin'], 'readwrite')
      await settled(tx, async () => {
        const manifests = tx.objectStore('manifests')
        const ages: { root: string; put: number }[] = []
        for await (const cursor of manifests.index('name').iterate(name))
          ages.push({ root: cursor.value.root, put: cursor.value.put })
        const kept = ages.filter((entry) => entry.root !== root).sort((a, b) => b.put - a.put)
        await manifests.put(
          { root, name, manifest, put: ages.reduce((max, { put }) => Math.max(max, put), 0) + 1 },
          root,
        )
        for (const old of kept.slice(MAX_MANIFESTS_PER_SITE - 1)) {
          await manifests.delete(old.root)
          await tx.objectStore('origin').delete(rangeOf(old.root))
        }
      })
    })
  }

  counters(): Promise<Counters> {
    return this.#use(async (db) => asCounters(await db.get('values', COUNTERS)))
  }

  addCounters(delta: Partial<Counters>): Promise<Counters> {
    return this.#use(async (db) => {
      const tx = db.transaction('values', 'readwrite')
      return settled(tx, async () => {
        const sum = addCounters(asCounters(await tx.store.get(COUNTERS)), delta)
        await tx.store.put(sum, COUNTERS)
        return sum
      })
    })
  }

  setting(name: string): Promise<SettingValue | undefined> {
    return this.#use(async (db) => {
      const value = await db.get('values', SETTING_PREFIX + name)
      return typeof value === 'object' ? undefined : value
    })
  }

  setSetting(name: string, value: SettingValue | undefined): Promise<void> {
    return this.#use(async (db) => {
      if (value === undefined) await db.delete('values', SETTING_PREFIX + name)
      else await db.put('values', value, SETTING_PREFIX + name)
    })
  }

  readyAnswer(path: string): Promise<ReadyAnswer | undefined> {
    return this.#use(async (db) => {
      const value = await db.get('values', ANSWER_PREFIX + path)
      return typeof value === 'object' && 'root' in value ? value : undefined
    })
  }

  putReadyAnswer(answer: ReadyAnswer): Promise<void> {
    return this.#use(async (db) => {
      const tx = db.transaction('values', 'readwrite', { durability: 'relaxed' })
      await settled(tx, async () => {
        const paths = [...asPaths(await tx.store.get(ANSWERS)).filter((path) => path !== answer.path), answer.path]
        for (const path of paths.splice(0, paths.length - MAX_READY_ANSWERS))
          await tx.store.delete(ANSWER_PREFIX + path)
        await Promise.all([tx.store.put(answer, ANSWER_PREFIX + answer.path), tx.store.put(paths, ANSWERS)])
      })
    })
  }

  forgetReadyAnswers(): Promise<void> {
    return this.#use(async (db) => {
      const tx = db.transaction('values', 'readwrite')
      await settled(tx, () => forgetAnswers(tx.store))
    })
  }

  originStale(root: string): Promise<boolean> {
    return this.#use(async (db) => (await db.get('origin', [root, '']))?.stale ?? false)
  }

  setOriginStale(root: string, stale: boolean): Promise<void> {
    return this.#use(async (db) => {
      await db.put('origin', { root, path: '', stale })
    })
  }

  originValidators(root: string, path: string): Promise<OriginValidators | undefined> {
    return this.#use(async (db) => (await db.get('origin', [root, path]))?.validators)
  }

  setOriginValidators(root: string, path: string, validators: OriginValidators): Promise<void> {
    return this.#use(async (db) => {
      await db.put('origin', { root, path, validators })
    })
  }

  clear(name?: SiteName): Promise<void> {
    return this.#use(async (db) => {
      const tx = db.transaction(['records', 'manifests', 'values', 'origin'], 'readwrite')
      await settled(tx, async () => {
        if (name === undefined) {
          await Promise.all([...tx.objectStoreNames].map((store) => tx.objectStore(store).clear()))
        } else {
          await tx.objectStore('records').delete(name)
          await forgetAnswers(tx.objectStore('values'))
          for await (const cursor of tx.objectStore('manifests').index('name').iterate(name)) {
            await tx.objectStore('origin').delete(rangeOf(cursor.value.root))
            await cursor.delete()
          }
        }
      })
    })
  }

  /** Runs an action on the open database; what IndexedDB throws becomes an error of ours. */
  async #use<T>(action: (db: IDBPDatabase<StateSchema>) => Promise<T>): Promise<T> {
    this.#db ??= this.#connect()
    const current = this.#db
    try {
      return await action(await current)
    } catch (cause) {
      if (cause instanceof BlackholeError) {
        if (cause.reason === 'unavailable' && this.#db === current) this.#db = undefined
        throw cause
      }
      const name = cause instanceof Error ? cause.name : ''
      if (name === 'QuotaExceededError') {
        throw new BlackholeError('full', 'There is no room left for the state of this site', { cause })
      }
      // a database that was closed under us (by the browser, or for an upgrade) opens again next time
      if (this.#db === current) this.#db = undefined
      throw new BlackholeError('unavailable', `The state of this site can't be used: ${String(cause)}`, { cause })
    }
  }

  async #connect(): Promise<IDBPDatabase<StateSchema>> {
    const forget = (): void => {
      this.#db = undefined
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new DeadlineError('Opening the state of this site', OPEN_TIMEOUT_MS)),
        OPEN_TIMEOUT_MS,
      )
    })
    // some private windows have no IndexedDB at all, and reading it throws in some frames
    const opening = (async () =>
      openDB<StateSchema>(STATE_DATABASE, STATE_VERSION, {
        upgrade,
        // a newer version of ours in another tab wants to upgrade: let go
        blocking: (_current, _blocked, event) => {
          forget()
          ;(event.target as IDBDatabase).close()
        },
        terminated: forget,
      }))()
    try {
      return await Promise.race([opening, deadline])
    } catch (cause) {
      // one that opens late is of no use any more
      opening.then(
        (db) => db.close(),
        () => undefined,
      )
      throw new BlackholeError('unavailable', `The state of this site can't be opened: ${String(cause)}`, { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}

function upgrade(db: IDBPDatabase<StateSchema>): void {
  db.createObjectStore('records')
  db.createObjectStore('manifests').createIndex('name', 'name')
  db.createObjectStore('values')
  db.createObjectStore('origin', { keyPath: ['root', 'path'] })
}

/**
 * Runs the work of a transaction and waits until it is stored. What ended the
 * transaction (a full disk) is the error, not the request that it took along.
 */
async function settled<T>(tx: { readonly done: Promise<void> }, work: () => Promise<T>): Promise<T> {
  const [result, done] = await Promise.allSettled([work(), tx.done])
  if (done.status === 'rejected') throw done.reason
  if (result.status === 'rejected') throw result.reason
  return result.value
}

/** All entries of a root: `[root, '']` up to `[root, []]`, since arrays sort after strings. */
function rangeOf(root: string): IDBKeyRange {
  return IDBKeyRange.bound([root, ''], [root, []])
}

function asCounters(value: Value | undefined): Counters {
  return typeof value === 'object' && 'shared' in value ? value : NO_BYTES
}

function asPaths(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : []
}

interface Values {
  get(key: string): Promise<Value | undefined>
  delete(key: string): Promise<void>
}

async function forgetAnswers(values: Values): Promise<void> {
  for (const path of asPaths(await values.get(ANSWERS))) await values.delete(ANSWER_PREFIX + path)
  await values.delete(ANSWERS)
}
