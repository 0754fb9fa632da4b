import type { PageStatus } from './loader-config.ts'

/** What page and worker of the origin have counted so far. */
export type StoredCounters = PageStatus['received'] & Pick<PageStatus, 'shared'>

/** Database, store and key under which `IdbSiteState` keeps the counters; importing it would cost the loader its size. */
const DATABASE = 'blackhole-state'
const STORE = 'values'
const KEY = 'counters'

/**
 * Reads the counters of the origin without the peer module. Where nothing was
 * counted yet, or storage can't be used, they are 0. Makes no database.
 */
export async function readStoredCounters(): Promise<StoredCounters> {
  const nothing = { local: 0, peers: 0, http: 0, shared: 0 }
  try {
    const opening = indexedDB.open(DATABASE)
    // It isn't there: whoever makes it knows what belongs in it.
    opening.onupgradeneeded = () => opening.transaction?.abort()
    const database = await settled(opening)
    try {
      return { ...nothing, ...((await settled(database.transaction(STORE).objectStore(STORE).get(KEY))) as object) }
    } finally {
      database.close()
    }
  } catch {
    return nothing
  }
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
