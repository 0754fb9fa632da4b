import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256 } from './page.ts'
import { TestSite, html } from './test-site.ts'

const SAME = seededBytes(200_000, 5)
const FILES_1 = {
  'index.html': html('Version 1', '<script src="/app.js"></script>'),
  'app.js': 'globalThis.version = 1\n',
  'late.js': 'globalThis.late = 1\n',
  'only-in-1.txt': 'gone in 2\n',
  'same.bin': SAME,
}
const FILES_2 = {
  'index.html': html('Version 2', '<script src="/app.js"></script>'),
  'app.js': 'globalThis.version = 2\n',
  'late.js': 'globalThis.late = 2\n',
  'only-in-2.txt': 'new in 2\n',
  'same.bin': SAME,
}

let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser

test.beforeEach(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  await site.publish(FILES_1)
  browser = await launchChromium()
})

test.afterEach(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

/** What a page of version 1 must get, whatever was published since. */
async function expectVersion1(page: ChromiumVisitor): Promise<void> {
  expect((await get(page, '/app.js')).text).toBe(FILES_1['app.js'])
  // Asked for only now: it was never stored.
  expect((await get(page, '/late.js')).text).toBe(FILES_1['late.js'])
  expect(await get(page, '/only-in-1.txt')).toMatchObject({ status: 200, text: FILES_1['only-in-1.txt'] })
  expect((await get(page, '/only-in-2.txt')).status).toBe(404)
  expect((await get(page, '/same.bin')).sha256).toBe(sha256(SAME))
}

async function expectVersion2(page: ChromiumVisitor): Promise<void> {
  expect(await page.evaluate(() => [document.title, (globalThis as { version?: unknown }).version])).toEqual([
    'Version 2',
    2,
  ])
  expect((await get(page, '/late.js')).text).toBe(FILES_2['late.js'])
  expect((await get(page, '/only-in-1.txt')).status).toBe(404)
  expect(await get(page, '/only-in-2.txt')).toMatchObject({ status: 200, text: FILES_2['only-in-2.txt'] })
}

test('an open page keeps its version, and the next navigation has the new one', async () => {
  const page = await browser.newVisitor()
  await page.goto(site.url)
  await ready(page)
  await page.goto(site.url)
  await ready(page)
  await site.publish(FILES_2)
  await expectVersion1(page)

  const tab = await page.newTab()
  await tab.goto(site.url)
  await ready(tab)
  await expectVersion2(tab)
  await expectVersion1(page)

  await page.stopServiceWorkers()
  await expectVersion1(page)
  await page.stopServiceWorkers()
  await expectVersion2(tab)

  await page.goto(site.url)
  await expectVersion2(page)
})

test('a page that was opened before the worker came keeps its version too', async () => {
  const page = await browser.newVisitor()
  let release: () => void = () => undefined
  const published = new Promise<void>((resolve) => (release = resolve))
  await page.context.route('**/blackhole.js', async (route) => {
    await published
    await route.continue()
  })
  await page.page.goto(site.url, { waitUntil: 'commit' })
  await page.waitFor(() => 'version' in globalThis)
  await site.publish(FILES_2)
  release()
  await ready(page)
  await expectVersion1(page)
  await page.goto(site.url)
  await ready(page)
  await expectVersion2(page)
})

test('an older record is refused by the relay, and by a worker whose relay serves it again', async () => {
  const backup = await mkdtemp(join(tmpdir(), 'blackhole-backup-'))
  const recordUrl = `${relay.url}/.blackhole/api/v1/sites/${site.name}/record`
  const old = new Uint8Array(await (await fetch(recordUrl)).arrayBuffer())
  await relay.kill()
  await cp(relay.data, backup, { recursive: true })
  await relay.start()
  await site.publish(FILES_2)

  const page = await browser.newVisitor()
  await page.goto(site.url)
  await ready(page)
  await page.goto(site.url)
  await ready(page)
  await expectVersion2(page)

  // The relay of a week ago, at the same place.
  await relay.kill()
  await rm(relay.data, { recursive: true })
  await cp(backup, relay.data, { recursive: true })
  await relay.start()
  expect(new Uint8Array(await (await fetch(recordUrl)).arrayBuffer())).toEqual(old)
  for (const killed of [false, true]) {
    await test.step(killed ? 'a worker that was killed meanwhile' : 'a running worker', async () => {
      await page.goto('about:blank')
      if (killed) await page.stopServiceWorkers()
      expect(await page.goto(site.url)).toBe(200)
      await expectVersion2(page)
    })
  }
  await rm(backup, { recursive: true })
})

test('a site that was ended is a page that says so, and leaves nothing behind in the browser', async () => {
  const page = await browser.newVisitor()
  await page.goto(site.url)
  await ready(page)
  await expect.poll(async () => (await get(page, '/same.bin')).headers['x-blackhole-source']).toBe('local')
  await site.unpublish()
  // The next navigation, and whatever the open page still asks for.
  expect(await page.goto(site.url)).toBe(410)
  expect(await page.evaluate(() => document.body.innerText)).toContain('ended')
  await expect
    .poll(() =>
      page.evaluate(async () => [
        (await navigator.serviceWorker.getRegistrations()).length,
        (await indexedDB.databases()).length,
        (await caches.keys()).length,
      ]),
    )
    .toEqual([0, 0, 0])
  await page.goto(`${site.url}same.bin`).catch(() => undefined)
  expect(await page.goto(`${site.url}app.js`)).toBe(410)
  await page.goto(site.url)
  expect(await page.evaluate(() => document.body.innerText)).toContain('ended')
})
