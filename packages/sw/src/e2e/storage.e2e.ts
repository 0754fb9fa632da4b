import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256, statusOf } from './page.ts'
import { TestSite, html } from './test-site.ts'

const MIB = 1024 * 1024
const LARGE = seededBytes(6 * MIB + 7, 4)

/** As some private windows have it: IndexedDB is there and can't be opened. */
const BROKEN = `
Object.defineProperty(globalThis, 'indexedDB', { value: {
  open() { throw new DOMException('A mutation operation was attempted on a database that did not allow mutations.', 'InvalidStateError') },
  deleteDatabase() { throw new DOMException('Not here', 'InvalidStateError') },
  databases() { return Promise.resolve([]) },
} })
`

/** As a browser whose disk hangs has it: databases are there, and never open. */
const HUNG = `
const open = IDBFactory.prototype.open
IDBFactory.prototype.open = function (...args) {
  const request = open.apply(this, args)
  for (const type of ['success', 'error', 'upgradeneeded', 'blocked'])
    request.addEventListener(type, (event) => event.stopImmediatePropagation(), { capture: true })
  return request
}
`

let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser

test.beforeAll(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  const tag = (worker: string, more = ''): string =>
    `<script async src="/.blackhole/blackhole.js" data-site="${site.name}" data-worker="${worker}" data-mode="hosted" ${more}></script>`
  await site.publish({
    'index.html': html('Home', tag('/.blackhole/blackhole-sw.js')),
    'private.html': html('Private window', tag('/private-sw.js')),
    'hung.html': html('Hung disk', tag('/hung-sw.js')),
    'small.html': html('Small', tag('/.blackhole/blackhole-sw.js', 'data-storage-limit="2M"')),
    'private-sw.js': `${BROKEN}importScripts('/.blackhole/blackhole-sw.js')\n`,
    'hung-sw.js': `${HUNG}importScripts('/.blackhole/blackhole-sw.js')\n`,
    'app.js': 'globalThis.app = 1\n',
    'large.bin': LARGE,
  })
  browser = await launchChromium()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test('a site works where IndexedDB can’t be opened, from memory', async () => {
  const visitor = await browser.newVisitor()
  await visitor.context.addInitScript({ content: BROKEN })
  await visitor.goto(`${site.url}private.html`)
  await ready(visitor)
  for (const path of ['/app.js', '/large.bin']) {
    const first = await get(visitor, path)
    expect(first).toMatchObject({ status: 200, sha256: sha256(path === '/app.js' ? 'globalThis.app = 1\n' : LARGE) })
    const again = await get(visitor, path)
    expect(again.sha256).toBe(first.sha256)
    // The worker's memory has it.
    expect(again.headers['x-blackhole-source']).toBe('local')
  }
  expect((await statusOf(visitor)).role).toBe('host')
  // A worker that comes anew knows nothing, and still answers.
  await visitor.stopServiceWorkers()
  expect(await get(visitor, '/large.bin')).toMatchObject({ status: 200, sha256: sha256(LARGE) })
  expect(await visitor.goto(`${site.url}private.html`)).toBe(200)
  await ready(visitor)
  expect(visitor.consoleErrors).toEqual([])
  expect(visitor.failedRequests).toEqual([])
  await visitor.close()
})

test('a page gets its worker, and what it asks for, though IndexedDB hangs', async () => {
  const visitor = await browser.newVisitor()
  await visitor.context.addInitScript({ content: HUNG })
  const began = Date.now()
  await visitor.goto(`${site.url}hung.html`)
  await visitor.waitFor(() => navigator.serviceWorker.controller !== null)
  expect(await get(visitor, '/large.bin')).toMatchObject({ status: 200, sha256: sha256(LARGE) })
  // What hangs is waited for in the worker's start alone, 5 s.
  expect(await get(visitor, '/app.js')).toMatchObject({ status: 200, text: 'globalThis.app = 1\n' })
  expect(await visitor.goto(`${site.url}hung.html`)).toBe(200)
  expect(Date.now() - began).toBeLessThan(25_000)
  await visitor.close()
})

test('a storage limit holds in the page and in the worker, and every answer is whole', async () => {
  const visitor = await browser.newVisitor()
  await visitor.goto(`${site.url}small.html`)
  await ready(visitor)
  for (let round = 0; round < 2; round++) {
    expect(await get(visitor, '/large.bin')).toMatchObject({ status: 200, sha256: sha256(LARGE) })
    expect((await get(visitor, '/app.js')).text).toBe('globalThis.app = 1\n')
  }
  const stored = await visitor.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('blackhole-pieces')
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(new Error('The pieces can’t be opened'))
    })
    const pieces = await new Promise<Uint8Array[]>((resolve, reject) => {
      const request = database.transaction('pieces').objectStore('pieces').getAll() as IDBRequest<Uint8Array[]>
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(new Error('The pieces can’t be read'))
    })
    database.close()
    return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
  })
  expect(stored).toBeGreaterThan(0)
  expect(stored).toBeLessThanOrEqual(2 * MIB)
  expect(visitor.consoleErrors).toEqual([])
  expect(visitor.failedRequests).toEqual([])
  await visitor.close()
})

test('a disk that is full costs copies, and never a byte of an answer', async () => {
  const visitor = await browser.newVisitor()
  await visitor.goto(site.url)
  await ready(visitor)
  const session = await visitor.context.newCDPSession(visitor.page)
  // Less than the large file takes.
  const { usage } = await visitor.evaluate(async () => {
    const { usage = 0 } = await navigator.storage.estimate()
    return { usage }
  })
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin, quotaSize: usage + 2 * MIB })
  for (let round = 0; round < 3; round++) {
    expect(await get(visitor, '/large.bin')).toMatchObject({ status: 200, sha256: sha256(LARGE) })
    expect((await get(visitor, '/app.js')).text).toBe('globalThis.app = 1\n')
  }
  await visitor.stopServiceWorkers()
  expect(await get(visitor, '/large.bin')).toMatchObject({ status: 200, sha256: sha256(LARGE) })
  expect(visitor.consoleErrors).toEqual([])
  expect(visitor.failedRequests).toEqual([])
  await visitor.close()
})
