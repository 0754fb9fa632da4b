/** What was kept ready for a navigation, and what it depends on, as the state's database had it at one moment. */
export interface StoredAnswer {
  readonly root: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The newest record of the site that was ever accepted, which names `root`. */
  readonly record: Uint8Array
}

/**
 * Database, stores and keys of `IdbSiteState`, and of the settings that the worker keeps there. Importing it would
 * cost the start more than all the rest; `worker-start.test.ts` holds the two together.
 */
const DATABASE = 'blackhole-state'
const RECORDS = 'records'
const VALUES = 'values'

/**
 * Reads the answer that is ready for a path of a site: in one transaction with
 * the newest record, the version that was served last, and the visitor's choice.
 * Makes no database.
 *
 * @param path - path and query
 * @returns undefined unless all of them agree, the record is still valid, and the visitor takes part. Never rejects.
 */
export async function storedAnswer(
  indexedDB: IDBFactory,
  site: string,
  path: string,
  now: number,
): Promise<StoredAnswer | undefined> {
  try {
    const opening = indexedDB.open(DATABASE)
    // It isn't there: whoever makes it knows what belongs in it.
    opening.onupgradeneeded = () => opening.transaction?.abort()
    const database = await settled(opening)
    try {
      const tx = database.transaction([RECORDS, VALUES])
      const values = tx.objectStore(VALUES)
      const [record, out, served, answer] = await Promise.all([
        settled<unknown>(tx.objectStore(RECORDS).get(site)),
        settled<unknown>(values.get('setting:opted-out')),
        settled<unknown>(values.get(`setting:served:${site}`)),
        settled<unknown>(values.get(`answer:${path}`)),
      ])
      if (out === true || !isRecord(record) || !isAnswer(answer) || record.expires <= now) return undefined
      if (answer.root !== record.root || served !== `${record.root} ${String(record.expires)}`) return undefined
      return { root: answer.root, headers: answer.headers, bytes: answer.bytes, record: record.bytes }
    } finally {
      database.close()
    }
  } catch {
    // No storage, or none that can be used: the whole worker knows what to do then.
    return undefined
  }
}

function isRecord(value: unknown): value is { root: string; expires: number; bytes: Uint8Array } {
  const { root, expires, bytes } = (value ?? {}) as Record<string, unknown>
  return typeof root === 'string' && typeof expires === 'number' && bytes instanceof Uint8Array
}

function isAnswer(value: unknown): value is Pick<StoredAnswer, 'root' | 'headers' | 'bytes'> {
  const { root, headers, bytes } = (value ?? {}) as Record<string, unknown>
  return typeof root === 'string' && Array.isArray(headers) && bytes instanceof Uint8Array
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      reject(request.error ?? new Error('IndexedDB failed'))
    }
  })
}
