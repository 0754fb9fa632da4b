import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { open, sourceOf } from './page.ts'
import { PublishedSite } from './published-site.ts'

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage(
    'index.html',
    { prefetch: '' },
    '<a href="/second.html">Next</a> <a href="https://example.com/">Out</a>',
  )
  await site.addPage('second.html', {}, '<img src="pictures/second.png" alt="">')
  await site.add('pictures/second.png', seededBytes(100_000, 5))
  await site.add('other.bin', seededBytes(100_000, 6))
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

async function sourcesOf(visitor: ChromiumVisitor): Promise<(string | null)[]> {
  return await Promise.all(
    ['/second.html', '/pictures/second.png', '/other.bin'].map((path) => sourceOf(visitor, path)),
  )
}

test('the next page is here before it is asked for, unless the visitor saves data', async () => {
  const saver = await browser.newVisitor()
  const session = await saver.context.newCDPSession(saver.page)
  await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true })
  await open(saver, site.url)

  const visitor = await browser.newVisitor()
  await open(visitor, site.url)
  // Reads the store of the page: to ask for a file would fetch it.
  await expect.poll(() => storedBytes(visitor), { timeout: 20_000 }).toBeGreaterThan(100_000)
  expect(await sourcesOf(visitor)).toEqual(['local', 'local', 'http'])
  // It came first and had more time.
  expect(await storedBytes(saver)).toBeLessThan(100_000)
  expect(await sourcesOf(saver)).not.toContain('local')
})

/** Bytes of all pieces in the visitor's IndexedDB. */
async function storedBytes(visitor: ChromiumVisitor): Promise<number> {
  return await visitor.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => {
          resolve(request.result)
        }
        request.onerror = () => {
          reject(request.error ?? new Error('IndexedDB failed'))
        }
      })
    const database = await done(indexedDB.open('blackhole-pieces'))
    const blocks = (await done(database.transaction('pieces').objectStore('pieces').getAll())) as Uint8Array[]
    database.close()
    return blocks.reduce((sum, { byteLength }) => sum + byteLength, 0)
  })
}
