import { beforeEach, describe, expect, test } from 'vitest'
import { IdbSiteState, STATE_DATABASE } from './site-state-idb.ts'
import { siteStateSuite } from './site-state.test.ts'

describe('IdbSiteState in a browser', () => {
  beforeEach(async () => {
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(STATE_DATABASE)
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error ?? new Error('not deleted'))
    })
  })

  siteStateSuite(() => new IdbSiteState())

  test('a worker and a page add to the same counters', async () => {
    const [page, worker] = [new IdbSiteState(), new IdbSiteState()]
    await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? page : worker).addCounters({ shared: 1 })))
    expect(await page.counters()).toMatchObject({ shared: 40 })
    await Promise.all([page.close(), worker.close()])
  })
})
