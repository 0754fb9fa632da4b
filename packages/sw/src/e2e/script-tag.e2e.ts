import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { startOriginServer } from './origin-server.ts'
import type { OriginServer } from './origin-server.ts'
import { beginDownload, finishDownload, get, ready, sha256 } from './page.ts'
import { TestSite, html } from './test-site.ts'

const LARGE = seededBytes(24 * 1024 * 1024 + 5, 8)

let relay: RelayProcess
let origin: OriginServer
let site: TestSite
let browser: ChromiumBrowser

test.beforeEach(async () => {
  relay = await startRelay()
  origin = await startOriginServer()
  site = await TestSite.create(relay)
  browser = await launchChromium()
})

test.afterEach(async () => {
  await browser.close()
  await origin.stop()
  await relay.stop()
  await site.remove()
})

/** Deploys the site at its origin with the tag, and publishes the same files. */
async function deploy(options: { attributes?: string; worker?: string; files?: Record<string, Uint8Array> } = {}) {
  const tag = `<script async src="${relay.url}/blackhole.js" data-site="${site.name}" ${options.attributes ?? ''}></script>`
  const files: Record<string, string | Uint8Array> = {
    'index.html': html('Home', tag),
    'about/index.html': html('About', tag),
    'app.js': 'globalThis.version = 1\n',
    'style.css': 'h1 { color: rgb(1, 1, 1) }',
    'blackhole-sw.js': options.worker ?? `importScripts(${JSON.stringify(`${relay.url}/blackhole-sw.js`)})\n`,
    ...options.files,
  }
  for (const [path, content] of Object.entries(files)) origin.files.set(path, content)
  await site.publish(files, ['--origin', origin.url.slice(0, -1)])
}

async function visit(): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await visitor.goto(origin.url)
  await ready(visitor)
  return visitor
}

/** Waits until a file comes through the worker. */
async function expectServed(visitor: ChromiumVisitor, path: string): Promise<void> {
  await expect
    .poll(async () => (await get(visitor, path)).headers['x-blackhole-source'], { timeout: 15_000 })
    .toBe('local')
}

async function registrations(visitor: ChromiumVisitor): Promise<number> {
  return await visitor.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)
}

test('the origin answers documents and what was not published; the rest comes through the worker', async () => {
  await deploy()
  origin.files.set('about/index.html', html('Deployed since'))
  const visitor = await visit()
  await expectServed(visitor, '/app.js')
  const before = origin.requests.length
  expect((await get(visitor, '/app.js')).text).toBe('globalThis.version = 1\n')
  expect(origin.requests.slice(before)).toEqual([])

  const unpublished = await get(visitor, '/api/items')
  expect(unpublished).toMatchObject({ status: 404, text: 'nothing at /api/items' })
  expect(unpublished.headers).not.toHaveProperty('x-blackhole-source')
  expect((await get(visitor, '/app.js?user=1')).headers).not.toHaveProperty('x-blackhole-source')
  expect(origin.requests.slice(before)).toEqual(['GET /api/items', 'GET /app.js?user=1'])

  await visitor.goto(`${origin.url}about/`)
  expect(await visitor.evaluate(() => document.title)).toBe('Deployed since')
  expect((await get(visitor, '/about/')).text).toContain('Deployed since')
})

test('an origin that was deployed without publishing is noticed, and wins until it is published', async () => {
  await deploy({ attributes: 'data-sample="1"' })
  const visitor = await visit()
  origin.files.set('app.js', 'globalThis.version = 2\n')
  origin.files.set('style.css', 'h1 { color: rgb(2, 2, 2) }')
  await expect
    .poll(async () => (await get(visitor, '/app.js')).text, { timeout: 30_000 })
    .toBe('globalThis.version = 2\n')
  expect((await get(visitor, '/style.css')).text).toContain('rgb(2, 2, 2)')
  await visitor.stopServiceWorkers()
  expect((await get(visitor, '/app.js')).text).toBe('globalThis.version = 2\n')
  expect(visitor.failedRequests).toEqual([])
})

test('without its tag and its file the worker is gone, and all that it stored', async () => {
  await deploy()
  const visitor = await visit()
  await expectServed(visitor, '/app.js')
  expect(await registrations(visitor)).toBe(1)
  origin.files.delete('blackhole-sw.js')
  origin.files.set('index.html', html('Plain'))
  await expect(async () => {
    await visitor.goto(origin.url)
    expect(await registrations(visitor)).toBe(0)
  }).toPass({ timeout: 30_000 })
  await visitor.goto(origin.url)
  expect(await visitor.evaluate(() => [document.title, navigator.serviceWorker.controller])).toEqual(['Plain', null])
  await expect
    .poll(() => visitor.evaluate(async () => [(await indexedDB.databases()).length, (await caches.keys()).length]))
    .toEqual([0, 0])
})

test('a site that was ended by its owner is left alone by the worker', async () => {
  await deploy()
  const visitor = await visit()
  await expectServed(visitor, '/app.js')
  await site.unpublish()
  origin.files.set('index.html', html('Plain'))
  await expect(async () => {
    await visitor.goto(origin.url)
    expect(await registrations(visitor)).toBe(0)
  }).toPass({ timeout: 30_000 })
  expect((await get(visitor, '/app.js')).headers).not.toHaveProperty('x-blackhole-source')
})

test('a worker of the owner’s imports ours and goes on with what it did', async () => {
  const own = `
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/own') event.respondWith(new Response('the owner’s'))
})
importScripts(${JSON.stringify(`${relay.url}/blackhole-sw.js`)})
`
  await deploy({ worker: own })
  const visitor = await visit()
  await expectServed(visitor, '/app.js')
  expect((await get(visitor, '/own')).text).toBe('the owner’s')
  await visitor.stopServiceWorkers()
  expect((await get(visitor, '/own')).text).toBe('the owner’s')
  await expectServed(visitor, '/app.js')
})

test('a newer worker takes over without breaking a download of an open page', async () => {
  await deploy({ files: { 'large.bin': LARGE } })
  const visitor = await visit()
  await expectServed(visitor, '/app.js')
  await beginDownload(visitor, '/large.bin')
  const file = String(origin.files.get('blackhole-sw.js'))
  origin.files.set(
    'blackhole-sw.js',
    `${file}addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/newer') event.respondWith(new Response('newer'))
})\n`,
  )
  await visitor.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    const changed = new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true })
    })
    Object.assign(window, { changed })
    const { installing } = await registration!.update()
    // Installed: it waits for the responses of the worker before it.
    while (installing?.state === 'installing') {
      await new Promise((resolve) => {
        installing.addEventListener('statechange', resolve, { once: true })
      })
    }
  })
  expect(await finishDownload(visitor)).toEqual({ bytes: LARGE.byteLength, sha256: sha256(LARGE), error: undefined })
  await visitor.evaluate(async () => {
    await (window as unknown as { changed: Promise<unknown> }).changed
  })
  expect((await get(visitor, '/newer')).text).toBe('newer')
  await expectServed(visitor, '/app.js')
  expect((await get(visitor, '/large.bin')).sha256).toBe(sha256(LARGE))
  expect(visitor.failedRequests).toEqual([])
})
