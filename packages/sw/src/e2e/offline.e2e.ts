import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256 } from './page.ts'
import { TestSite, html } from './test-site.ts'

const PICTURE = seededBytes(3 * 1024 * 1024, 3)
const BODY = '<link rel="stylesheet" href="/style.css"><script src="/app.js"></script><a href="/about/">About</a>'
const FILES = {
  'index.html': html('Home', BODY),
  'about/index.html': html('About', BODY),
  'never-seen.html': html('Never seen'),
  'style.css': 'h1 { color: rgb(1, 2, 3) }',
  'app.js': 'globalThis.app = "ran"',
  'picture.bin': PICTURE,
  'never-seen.css': 'h1 { color: red }',
}

let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser
let visitor: ChromiumVisitor

test.beforeEach(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  await site.publish(FILES)
  browser = await launchChromium()
  visitor = await browser.newVisitor()
  await visitor.goto(site.url)
  await ready(visitor)
  await visitor.goto(`${site.url}about/`)
  await ready(visitor)
  await get(visitor, '/picture.bin')
})

test.afterEach(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test('a site that was visited works with no relay and no peer, also when no page of it is open', async () => {
  // What the first page loaded past the worker is taken over in the background.
  for (const path of ['/', '/style.css', '/app.js']) {
    await expect.poll(async () => (await get(visitor, path)).headers['x-blackhole-source'], path).toBe('local')
  }
  await relay.kill()
  await visitor.goto('about:blank')
  await visitor.stopServiceWorkers()

  expect(await visitor.goto(site.url)).toBe(200)
  expect(await look(visitor)).toEqual({ title: 'Home', color: 'rgb(1, 2, 3)', app: 'ran' })
  await visitor.page.click('a')
  await visitor.waitFor(() => document.title === 'About')
  expect(await look(visitor)).toEqual({ title: 'About', color: 'rgb(1, 2, 3)', app: 'ran' })
  const picture = await get(visitor, '/picture.bin')
  expect(picture).toMatchObject({ status: 200, sha256: sha256(PICTURE) })
  expect(picture.headers['x-blackhole-source']).toBe('local')
  expect(await get(visitor, '/style.css', { headers: { Range: 'bytes=5-9' } })).toMatchObject({ status: 206, bytes: 5 })

  const tab = await visitor.newTab()
  expect(await tab.goto(`${site.url}about/`)).toBe(200)
  expect(await look(tab)).toEqual({ title: 'About', color: 'rgb(1, 2, 3)', app: 'ran' })
  // Nobody waits for ever for what can't be reached.
  await ready(visitor)
  await ready(tab)
})

test('what nobody has is answered by a 504 that says so, as a page to people and as text to programs', async () => {
  await relay.kill()
  const answer = await get(visitor, '/never-seen.css')
  expect(answer.status).toBe(504)
  expect(answer.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  expect(answer.text).toContain('its server does not answer')

  expect(await visitor.goto(`${site.url}never-seen.html`)).toBe(504)
  expect(await visitor.evaluate(() => document.title)).toBe('This page can’t be reached right now')
  expect(await visitor.page.innerText('main')).toContain('none of its other visitors is here to share it')
  await visitor.page.screenshot({ path: test.info().outputPath('unreachable.png') })

  await relay.start()
  await visitor.page.click('main a')
  await visitor.waitFor(() => document.title === 'Never seen')
})

test('a worker whose storage was cleared answers with that page too', async () => {
  await visitor.goto('about:blank')
  const session = await visitor.context.newCDPSession(visitor.page)
  await session.send('Storage.clearDataForOrigin', {
    origin: new URL(site.url).origin,
    storageTypes: 'indexeddb,cache_storage',
  })
  await visitor.stopServiceWorkers()
  await relay.kill()
  expect(await visitor.goto(site.url)).toBe(504)
  expect(await visitor.evaluate(() => document.title)).toBe('This page can’t be reached right now')
  await relay.start()
  // Nobody has to sit and click: the page tries again by itself.
  await visitor.waitFor(() => document.title === 'Home', { timeoutMs: 30_000 })
  expect(await visitor.evaluate(() => document.querySelectorAll('script[src$="blackhole.js"]').length)).toBe(1)
  await ready(visitor)
})

async function look(visitor: ChromiumVisitor): Promise<unknown> {
  return await visitor.evaluate(() => ({
    title: document.title,
    color: getComputedStyle(document.querySelector('h1')!).color,
    app: (globalThis as { app?: unknown }).app,
  }))
}
