import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BaseDatastore } from 'datastore-core'
import { Key } from 'interface-datastore'
import type { KeyQuery, Pair, Query } from 'interface-datastore'
import { NotFoundError } from 'interface-store'

/** The datastore of libp2p and Helia (`interface-datastore`) as a table of the relay's database. */
export class SqliteDatastore extends BaseDatastore {
  readonly #get: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #all: StatementSync

  constructor(database: DatabaseSync) {
    super()
    this.#get = database.prepare('SELECT value FROM datastore WHERE key = ?')
    this.#put = database.prepare(
      'INSERT INTO datastore (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    this.#delete = database.prepare('DELETE FROM datastore WHERE key = ?')
    this.#all = database.prepare('SELECT key, value FROM datastore WHERE key >= ? AND key < ? ORDER BY key')
  }

  override put(key: Key, value: Uint8Array): Key {
    this.#put.run(key.toString(), value)
    return key
  }

  override get(key: Key): Uint8Array {
    const row = this.#get.get(key.toString())
    if (row === undefined) throw new NotFoundError(`${key.toString()} was not found`)
    return row['value'] as Uint8Array
  }

  override has(key: Key): boolean {
    return this.#get.get(key.toString()) !== undefined
  }

  override delete(key: Key): void {
    this.#delete.run(key.toString())
  }

  override *_all(query: Query): Generator<Pair> {
    for (const row of this.#rows(query.prefix)) yield { key: new Key(row.key), value: row.value }
  }

  override *_allKeys(query: KeyQuery): Generator<Key> {
    for (const row of this.#rows(query.prefix)) yield new Key(row.key)
  }

  /** All at once: the caller may write between two steps of its loop, which an open cursor must not see. */
  #rows(prefix = ''): { key: string; value: Uint8Array }[] {
    return this.#all.all(prefix, `${prefix}\u{10ffff}`) as unknown as { key: string; value: Uint8Array }[]
  }
}
