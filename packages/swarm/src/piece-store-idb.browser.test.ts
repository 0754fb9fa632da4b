import { pieceStoreSuite } from '@blackhole/testkit/suites/piece-store'
import { deleteDB, openDB } from 'idb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { IdbPieceStore } from './piece-store-idb.ts'

/** A database for each case, so that cases don't meet. */
const databaseName = (): string => `pieces-${crypto.randomUUID()}`

pieceStoreSuite('IdbPieceStore', async ({ maxBytes, now }) => {
  const name = databaseName()
  const make = async (): Promise<IdbPieceStore> => {
    const store = new IdbPieceStore({ now }, { databaseName: name, maxBytes })
    await store.open()
    return store
  }
  const store = await make()
  return {
    store,
    another: make,
    teardown: async () => {
      await store.close()
      await deleteDB(name)
    },
  }
})

describe('IdbPieceStore', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  const block = (cid: string, length = 100): { cid: string; bytes: Uint8Array<ArrayBuffer>; site: string } => ({
    cid,
    bytes: new Uint8Array(length).fill(1),
    site: 's',
  })

  it('finds everything again after it was closed', async () => {
    const name = databaseName()
    const store = new IdbPieceStore({}, { databaseName: name })
    await store.put([block('a')])
    await store.get('a')
    await store.close()
    const again = new IdbPieceStore({}, { databaseName: name })
    expect(await again.get('a')).toEqual(block('a').bytes)
    expect(await again.usage()).toMatchObject({ pieces: 1, bytes: 100 })
    await again.close()
  })

  it('takes at most a fifth of the origin quota, and 512 MiB', async () => {
    const small = new IdbPieceStore(
      { storage: { estimate: () => Promise.resolve({ quota: 1000 }) } },
      { databaseName: databaseName() },
    )
    expect((await small.usage()).quotaBytes).toBe(200)
    const large = new IdbPieceStore(
      { storage: { estimate: () => Promise.resolve({ quota: 1e12 }) } },
      { databaseName: databaseName() },
    )
    expect((await large.usage()).quotaBytes).toBe(512 * 1024 * 1024)
    await Promise.all([small.close(), large.close()])
  })

  it('is unavailable when the database does not open, as in private windows', async () => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException(
        'A mutation operation was attempted on a database that did not allow mutations.',
        'InvalidStateError',
      )
    })
    const error: unknown = await new IdbPieceStore({}, { databaseName: databaseName() })
      .open()
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ reason: 'unavailable' })
  })

  it('tries again to open after it failed', async () => {
    const store = new IdbPieceStore({}, { databaseName: databaseName() })
    const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementationOnce(() => {
      throw new DOMException('busy', 'UnknownError')
    })
    await expect(store.open()).rejects.toMatchObject({ reason: 'unavailable' })
    await store.put([block('a')])
    expect(await store.has('a')).toBe(true)
    expect(open).toHaveBeenCalledTimes(2)
    await store.close()
  })

  it('evicts and writes again when the browser says that the disk is full', async () => {
    const store = new IdbPieceStore({}, { databaseName: databaseName(), maxBytes: 10_000 })
    await store.put([block('old')])
    const put = IDBObjectStore.prototype.put
    let refused = false
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      value: unknown,
      key?: IDBValidKey,
    ) {
      if (this.name === 'pieces' && !refused) {
        refused = true
        throw new DOMException('full', 'QuotaExceededError')
      }
      return put.call(this, value, key)
    })
    await store.put([block('new')])
    expect(await store.hasMany(['old', 'new'])).toEqual([false, true])
    expect(await store.usage()).toMatchObject({ pieces: 1, bytes: 100 })
    await store.close()
  })

  it('says full when the disk stays full, and goes on reading', async () => {
    const store = new IdbPieceStore({}, { databaseName: databaseName(), maxBytes: 10_000 })
    await store.put([block('leased')])
    const lease = await store.lease(['leased'])
    const put = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      value: unknown,
      key?: IDBValidKey,
    ) {
      if (this.name === 'pieces') throw new DOMException('full', 'QuotaExceededError')
      return put.call(this, value, key)
    })
    await expect(store.put([block('new')])).rejects.toMatchObject({ reason: 'full' })
    expect(await store.get('leased')).toEqual(block('leased').bytes)
    await lease.release()
    await store.close()
  })

  it('takes over what version 1 stored: popular blocks stay, and those used longest ago go first', async () => {
    const name = databaseName()
    const old = await openDB(name, 1, {
      upgrade(database) {
        database.createObjectStore('pieces')
        database.createObjectStore('meta', { keyPath: 'cid' }).createIndex('site', 'site')
        database.createObjectStore('leases', { keyPath: 'id' })
        database.createObjectStore('totals')
      },
    })
    const rows = [
      { cid: 'popular', uses: 9, lastUsed: 1 },
      { cid: 'stale', uses: 0, lastUsed: 2 },
      { cid: 'recent', uses: 0, lastUsed: 3 },
    ]
    for (const row of rows) {
      await old.put('meta', { ...row, size: 100, site: 's' })
      await old.put('pieces', block(row.cid).bytes, row.cid)
    }
    await old.put('totals', { pieces: 3, bytes: 300 }, 'usage')
    old.close()
    const store = new IdbPieceStore({}, { databaseName: name, maxBytes: 300 })
    expect(await store.usage()).toMatchObject({ pieces: 3, bytes: 300 })
    expect(await store.get('popular')).toEqual(block('popular').bytes)
    await store.put([block('new', 60)])
    expect(await store.hasMany(['popular', 'stale', 'recent', 'new'])).toEqual([true, false, true, true])
    await store.close()
  })

  it('lets a newer version of itself upgrade the database', async () => {
    const name = databaseName()
    const store = new IdbPieceStore({}, { databaseName: name })
    await store.put([block('a')])
    const newer = await openDB(name, 1000)
    newer.close()
    await expect(store.get('a')).rejects.toMatchObject({ reason: 'unavailable' })
    await store.close()
  })

  it('does not lose the puts of others when one does not fit', async () => {
    const store = new IdbPieceStore({}, { databaseName: databaseName(), maxBytes: 1000 })
    const results = await Promise.allSettled([
      store.put([block('a')]),
      store.put([block('huge', 2000)]),
      store.put([block('b')]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await store.hasMany(['a', 'huge', 'b'])).toEqual([true, false, true])
    await store.close()
  })
})
