import { DatabaseSync } from 'node:sqlite'
import { BlackholeError } from '@blackhole/protocol'

/**
 * How long a relay waits for the one before it: a process that was just
 * killed holds its locks until the system has taken its memory back.
 */
const PATIENCE_MS = 1000

/** SQLITE_BUSY; the higher bits of an extended code say more of it. */
const SQLITE_BUSY = 5

/**
 * Keeps a data folder to one relay: two on the same state would each serve
 * what they have in memory, and the older would never learn of a publish.
 *
 * It is a transaction that never ends, in an empty database of its own: the
 * lock is the operating system's, of the file and not of a process id. So it
 * ends with the process however that ends, leaves nothing behind, and holds
 * between containers that share a volume of one machine. `state.sqlite` itself
 * stays readable for a backup.
 *
 * @param path - the lock's file; made if need be
 * @param folder - how the folder is called in the error
 * @returns gives the folder up
 * @throws {BlackholeError} naming `data` when another relay has the folder, or the file system has no locks
 */
export function lockFolder(path: string, folder: string): () => void {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: PATIENCE_MS })
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    const held = database
    return () => {
      held.close()
    }
  } catch (cause) {
    database?.close()
    const busy = cause instanceof Error && 'errcode' in cause && (Number(cause.errcode) & 0xff) === SQLITE_BUSY
    throw new BlackholeError(
      busy ? 'conflict' : 'unavailable',
      busy
        ? `data: ${folder} is in use by another relay. Stop that one, or give this one a folder of its own`
        : `data: ${path} cannot be locked`,
      // That SQLite found it locked adds nothing.
      { ...(busy ? {} : { cause }), subject: 'data' },
    )
  }
}
