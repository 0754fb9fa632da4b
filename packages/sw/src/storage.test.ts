import 'fake-indexeddb/auto'
import { IDBFactory, IDBObjectStore, IDBRequest } from 'fake-indexeddb'
import { MemorySiteState } from '@blackhole/site'
import { MemoryPieceStore } from '@blackhole/swarm'
import { testClock } from '@blackhole/testkit/clock'
import type { TestClock } from '@blackhole/testkit/clock'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Clock } from './clock.ts'
import { openStorage } from './storage.ts'
import { IdbClientRoots } from './version/client-roots-idb.ts'

const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const LIMIT = { storageBytes: 1024 * 1024 }

let time: TestClock
let clock: Clock

beforeEach(() => {
  time = testClock()
  clock = { now: time.now, sleep: time.delay }
  vi.stubGlobal('indexedDB', new IDBFactory())
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** As a database that is there, and doesn't open. */
function hang(): void {
  vi.stubGlobal('indexedDB', { open: () => new IDBRequest() })
}

it('opens, in memory, though the browser never opens what it stored', async () => {
  hang()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const opening = openStorage({ clock }, LIMIT)
    await vi.advanceTimersByTimeAsync(5_000)
    const { state, store } = await opening
    expect(state).toBeInstanceOf(MemorySiteState)
    expect(store).toBeInstanceOf(MemoryPieceStore)
    await state.setSetting('opted-out', true)
    expect(await state.setting('opted-out')).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})

it('says in time that it can not read what it stored, once that hangs', async () => {
  const { state, store } = await openStorage({ clock }, LIMIT)
  await state.setSetting('opted-out', true)
  expect(await state.setting('opted-out')).toBe(true)
  expect(await store.get(CID)).toBeUndefined()

  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(() => new IDBRequest())
  vi.spyOn(IDBObjectStore.prototype, 'getKey').mockImplementation(
    () => new IDBRequest() as IDBRequest<IDBValidKey | undefined>,
  )
  const asked = [state.setting('opted-out'), store.get(CID), store.has(CID), store.hasMany([CID])]
  const answers = Promise.allSettled<unknown>(asked)
  await vi.waitFor(async () => {
    await time.advance(5_000)
    const outcome = await Promise.race([answers, Promise.resolve([])])
    expect(outcome.map(({ status }) => status)).toEqual(asked.map(() => 'rejected'))
  })
  // Who asks next waits for nothing.
  await expect(state.setting('opted-out')).rejects.toMatchObject({ reason: 'unavailable' })
  await expect(store.get(CID)).rejects.toMatchObject({ reason: 'unavailable' })
})

it('knows which version a page uses though the database that keeps it hangs', async () => {
  hang()
  const roots = new IdbClientRoots({ clock })
  const unknown = roots.get('page')
  await time.advance(0)
  await time.advance(1_500)
  expect(await unknown).toBeUndefined()
  await roots.set('page', CID)
  expect(await roots.get('page')).toBe(CID)
  expect(await roots.get('another')).toBeUndefined()
})
