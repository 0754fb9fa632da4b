import { IdbSiteState, STATE_DATABASE } from '@blackhole/site'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readStoredCounters } from './stored-counters.ts'

const removed = async (): Promise<void> => {
  await new Promise((resolve) => {
    indexedDB.deleteDatabase(STATE_DATABASE).onsuccess = resolve
  })
}

beforeEach(removed)
afterEach(removed)

it('is nothing on a first visit, and leaves the database to those who know what belongs in it', async () => {
  expect(await readStoredCounters()).toEqual({ local: 0, peers: 0, http: 0, shared: 0 })
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(STATE_DATABASE)
  const state = new IdbSiteState()
  await state.open()
  await state.close()
})

it('is what page and worker have counted', async () => {
  const state = new IdbSiteState()
  await state.open()
  expect(await readStoredCounters()).toEqual({ local: 0, peers: 0, http: 0, shared: 0 })
  const counted = await state.addCounters({ peers: 7, http: 3, shared: 2 })
  expect(await readStoredCounters()).toEqual(counted)
  await state.close()
})
