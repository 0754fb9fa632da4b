import { openDB } from 'idb'
import type { DBSchema, IDBPDatabase, OpenDBCallbacks } from 'idb'
import { BlackholeError } from '@blackhole/protocol'

/** Default name of the database of pieces. */
export const PIECES_DATABASE = 'blackhole-pieces'

/** Raised by a change of the layout; `upgrade` below then migrates. */
const SCHEMA_VERSION = 1

/** What is known of a block without reading it. */
export interface PieceMeta {
  cid: string
  size: number
  site: string
  /** Milliseconds since 1970. */
  lastUsed: number
  uses: number
}

/** Protection from eviction that a context took, and will have to renew. */
export interface LeaseRow {
  id: string
  cids: string[]
  /** Milliseconds since 1970; a context that was killed can't release, so leases end by themselves. */
  expires: number
}

/** Layout of the database. Bytes and index are apart, so that the index can be read alone. */
export interface PiecesSchema extends DBSchema {
  pieces: { key: string; value: Uint8Array<ArrayBuffer> }
  meta: { key: string; value: PieceMeta; indexes: { site: string } }
  leases: { key: string; value: LeaseRow }
  /** One row, `usage`: kept in the same transactions as the blocks, so that contexts agree on it. */
  totals: { key: string; value: { pieces: number; bytes: number } }
}

/** An open database of pieces. */
export type PiecesDatabase = IDBPDatabase<PiecesSchema>

/**
 * Opens the database.
 *
 * @param timeoutMs - another context that doesn't let go of an older schema must not hang us
 * @throws {BlackholeError} with reason `unavailable`: private windows, disabled storage, a newer schema
 */
export async function openPieces(
  name: string,
  timeoutMs: number,
  callbacks: Pick<OpenDBCallbacks<PiecesSchema>, 'blocking' | 'terminated'>,
): Promise<PiecesDatabase> {
  let timer: ReturnType<typeof setTimeout> | undefined
  let late = false
  try {
    const opening = openDB<PiecesSchema>(name, SCHEMA_VERSION, {
      ...callbacks,
      upgrade(database) {
        database.createObjectStore('pieces')
        database.createObjectStore('meta', { keyPath: 'cid' }).createIndex('site', 'site')
        database.createObjectStore('leases', { keyPath: 'id' })
        database.createObjectStore('totals')
      },
    })
    void opening.then(
      (database) => {
        if (late) database.close()
      },
      () => undefined,
    )
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        late = true
        reject(new Error(`not open after ${String(timeoutMs)} ms`))
      }, timeoutMs)
    })
    return await Promise.race([opening, timeout])
  } catch (cause) {
    throw new BlackholeError(
      'unavailable',
      `IndexedDB database ${name} can't be opened; pieces are kept in memory instead`,
      {
        cause,
        subject: name,
      },
    )
  } finally {
    clearTimeout(timer)
  }
}

/** Whether an error says that the disk or the origin's quota is full. */
export function isQuotaExceeded(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError'
}
