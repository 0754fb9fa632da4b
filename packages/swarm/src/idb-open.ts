import { openDB } from 'idb'
import type { OpenDBCallbacks } from 'idb'
import { BlackholeError } from '@blackhole/protocol'
import { migratePieces } from './idb-migration.ts'
import type { PiecesDatabase, PiecesSchema } from './idb-schema.ts'

/** Raised by a change of the layout; `migratePieces` then migrates. */
const SCHEMA_VERSION = 2

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
      upgrade: (database, oldVersion, _newVersion, tx) => {
        // Half of a migration would be worse than none.
        migratePieces(database, oldVersion, tx).catch(() => tx.abort())
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
