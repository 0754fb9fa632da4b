import { Key } from 'interface-datastore'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DatabaseSync } from 'node:sqlite'
import { openDatabase, transaction } from './database.ts'
import { SqliteDatastore } from './sqlite-datastore.ts'

describe('SqliteDatastore', () => {
  let database: DatabaseSync
  let store: SqliteDatastore

  beforeEach(() => {
    database = openDatabase(':memory:')
    store = new SqliteDatastore(database)
  })

  afterEach(() => {
    database.close()
  })

  test('puts, gets, replaces, deletes', () => {
    const key = new Key('/a/b')
    expect(store.has(key)).toBe(false)
    expect(() => store.get(key)).toThrow(expect.objectContaining({ name: 'NotFoundError' }))
    store.put(key, Uint8Array.of(1))
    store.put(key, Uint8Array.of(2))
    expect([...store.get(key)]).toEqual([2])
    store.delete(key)
    expect(store.has(key)).toBe(false)
  })

  test('a query has its prefix alone, and may write while it runs', async () => {
    for (const name of ['/peers/1', '/peers/2', '/peers/3', '/peer', '/q']) store.put(new Key(name), Uint8Array.of(0))
    const found: string[] = []
    for await (const { key } of store.query({ prefix: '/peers/' })) {
      found.push(key.toString())
      store.delete(key)
      store.put(new Key(`/peers/new${String(found.length)}`), Uint8Array.of(1))
    }
    expect(found).toEqual(['/peers/1', '/peers/2', '/peers/3'])
    const keys: string[] = []
    for await (const key of store.queryKeys({ prefix: '/peers/', limit: 2 })) keys.push(key.toString())
    expect(keys).toEqual(['/peers/new1', '/peers/new2'])
  })

  test('a batch', async () => {
    const batch = store.batch()
    store.put(new Key('/old'), Uint8Array.of(1))
    batch.put(new Key('/new'), Uint8Array.of(2))
    batch.delete(new Key('/old'))
    await batch.commit()
    expect([store.has(new Key('/old')), store.has(new Key('/new'))]).toEqual([false, true])
  })

  test('a transaction that throws changes nothing', () => {
    expect(() => {
      transaction(database, () => {
        store.put(new Key('/a'), Uint8Array.of(1))
        throw new Error('no')
      })
    }).toThrow('no')
    expect(store.has(new Key('/a'))).toBe(false)
  })
})
