import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { IdbSiteState, STATE_DATABASE } from './site-state-idb.ts'
import { siteStateSuite } from './site-state.test.ts'

describe('IdbSiteState', () => {
  beforeEach(() => {
    vi.stubGlobal('indexedDB', new IDBFactory())
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })
  siteStateSuite(() => new IdbSiteState())

  test('page and worker share it: nothing is lost when both count at once', async () => {
    const [page, worker] = [new IdbSiteState(), new IdbSiteState()]
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? page : worker).addCounters({ peers: 1, local: 2 })),
    )
    expect(await page.counters()).toEqual({ local: 100, peers: 50, http: 0, shared: 0 })
    await Promise.all([page.close(), worker.close()])
  })

  test('what was stored is there after closing', async () => {
    const first = new IdbSiteState()
    await first.setSetting('opted-out', true)
    await first.close()
    expect(await new IdbSiteState().setting('opted-out')).toBe(true)
  })

  test('a newer version in another tab can upgrade, and the older one says what is wrong', async () => {
    const old = new IdbSiteState()
    await old.open()
    const upgraded = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(STATE_DATABASE, 2)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('open failed'))
    })
    await expect(old.counters()).rejects.toMatchObject({ reason: 'unavailable' })
    upgraded.close()
  })

  test('a factory that refuses (private windows), or is not there at all', async () => {
    const broken = {
      open: () => {
        throw new DOMException('A mutation operation was attempted', 'InvalidStateError')
      },
    }
    vi.stubGlobal('indexedDB', broken)
    await expect(new IdbSiteState().open()).rejects.toMatchObject({ name: 'BlackholeError', reason: 'unavailable' })
    vi.stubGlobal('indexedDB', undefined)
    await expect(new IdbSiteState().counters()).rejects.toMatchObject({ reason: 'unavailable' })
  })

  test('a full disk says so, and what was there stays', async () => {
    const state = new IdbSiteState()
    await state.addCounters({ http: 1 })
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError')
    })
    await expect(state.addCounters({ http: 1 })).rejects.toMatchObject({ name: 'BlackholeError', reason: 'full' })
    await expect(state.setSetting('x', 1)).rejects.toMatchObject({ reason: 'full' })
    put.mockRestore()
    expect(await state.counters()).toMatchObject({ http: 1 })
    await state.close()
  })

  test('a full disk that shows when a transaction ends', async () => {
    const state = new IdbSiteState()
    await state.addCounters({ http: 1 })
    const original = IDBObjectStore.prototype.put
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
      const request = original.apply(this, args)
      this.transaction.abort()
      return request
    })
    await expect(state.addCounters({ http: 1 })).rejects.toMatchObject({ name: 'BlackholeError' })
    put.mockRestore()
    expect(await state.counters()).toMatchObject({ http: 1 })
    await state.close()
  })

  test('opening again works once the cause is gone', async () => {
    const state = new IdbSiteState()
    const working = indexedDB
    vi.stubGlobal('indexedDB', undefined)
    await expect(state.open()).rejects.toMatchObject({ reason: 'unavailable' })
    vi.stubGlobal('indexedDB', working)
    await expect(state.counters()).resolves.toMatchObject({ peers: 0 })
  })

  test('opening that waits for ever, behind a tab that does not let go, has a deadline', async () => {
    const holder = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(STATE_DATABASE, 1)
      request.onsuccess = () => resolve(request.result)
    })
    indexedDB.deleteDatabase(STATE_DATABASE)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const opening = new IdbSiteState().open().catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(3000)
      expect(await opening).toMatchObject({ reason: 'unavailable', message: expect.stringContaining('3000 ms') })
    } finally {
      vi.useRealTimers()
      holder.close()
    }
  })
})
