import { DatabaseSync } from 'node:sqlite'
import { BlackholeError } from '@blackhole/protocol'
import { MIGRATIONS } from './migrations.ts'

/**
 * Opens the relay's database and brings it to the current schema.
 *
 * WAL with `synchronous=NORMAL` survives a killed process whole; after a
 * power cut the last moments may be missing, never torn (SQLite
 * documentation, "PRAGMA synchronous").
 *
 * @param path - a file, or `:memory:`
 * @param migrations - the schema as its steps
 * @throws {BlackholeError} naming `data` when the file is no database, damaged, or from a newer version; `disk` when that is full
 */
export function openDatabase(path: string, migrations: readonly string[] = MIGRATIONS): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768')
    const [check] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})
    if (check !== 'ok') throw new Error(String(check))
    migrate(database, path, migrations)
    return database
  } catch (cause) {
    database?.close()
    if (cause instanceof BlackholeError) throw cause
    if (isFull(cause)) throw fullDisk(cause)
    throw new BlackholeError(
      'corrupt',
      `data: ${path} is damaged or not a database of the relay. Restore it from a backup, or move it away to start empty`,
      { cause, subject: 'data' },
    )
  }
}

/**
 * Runs `work` in one transaction; a throw undoes all of it.
 *
 * @throws {BlackholeError} with reason `full` when the disk is, and what `work` throws
 */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw isFull(error) ? fullDisk(error) : error
  }
}

/** SQLITE_FULL; the higher bits of an extended code say more of it. */
const SQLITE_FULL = 13

function isFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_FULL
}

function fullDisk(cause: unknown): BlackholeError {
  return new BlackholeError('full', "The relay's disk is full", { cause, subject: 'disk' })
}

function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
  if (version > migrations.length) {
    throw new BlackholeError(
      'unsupported',
      `data: ${path} has schema ${String(version)}, newer than the ${String(migrations.length)} of this relay. Run the newer relay`,
      { subject: 'data' },
    )
  }
  for (const [step, sql] of migrations.entries()) {
    if (step < version) continue
    transaction(database, () => {
      database.exec(sql)
      database.exec(`PRAGMA user_version = ${String(step + 1)}`)
    })
  }
}
