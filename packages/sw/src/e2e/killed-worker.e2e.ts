import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { beginDownload, finishDownload, get, ready, sha256, statusOf } from './page.ts'
import { TestSite, html } from './test-site.ts'

/** More than browsers hold between a worker and a page that does not read. */
const LARGE = seededBytes(24 * 1024 * 1024 + 5, 1)
const FILES = {
  'index.html': html('Home'),
  'next.html': html('Next'),
  'app.js': 'globalThis.app = 1\n',
  'large.bin': LARGE,
}

let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser

test.beforeAll(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  await site.publish(FILES)
  browser = await launchChromium()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test('a worker that was killed between requests starts again and knows what it knew', async () => {
  const visitor = await browser.newVisitor()
  await visitor.goto(site.url)
  await ready(visitor)
  const before = await get(visitor, '/app.js')
  expect(before.headers['x-blackhole-source']).toBe('http')
  for (let round = 0; round < 3; round++) {
    await visitor.stopServiceWorkers()
    const after = await get(visitor, '/app.js')
    expect(after).toMatchObject({ status: 200, sha256: before.sha256 })
    // Stored by the worker that is gone, found by the one that came.
    expect(after.headers['x-blackhole-source']).toBe('local')
  }
  await visitor.stopServiceWorkers()
  expect(await visitor.goto(`${site.url}next.html`)).toBe(200)
  await ready(visitor)
  expect((await statusOf(visitor)).received.http).toBeGreaterThan(0)
  expect(visitor.consoleErrors).toEqual([])
  expect(visitor.failedRequests).toEqual([])
  await visitor.close()
})

test('a worker that is killed in the middle of a response never makes it end short as if it were complete', async () => {
  const visitor = await browser.newVisitor()
  await visitor.goto(site.url)
  await ready(visitor)
  for (const state of ['from the relay', 'from this browser']) {
    await test.step(state, async () => {
      const cut = await cutDownload(visitor)
      expect(cut.bytes).toBeLessThan(LARGE.byteLength)
      expect(cut.error).toContain('network error')
      expect(await get(visitor, '/large.bin')).toMatchObject({ status: 200, sha256: sha256(LARGE) })
    })
  }
  await visitor.close()
})

/** A download whose worker was killed. One that the browser had whole by then was not cut, and is tried again. */
async function cutDownload(visitor: ChromiumVisitor): Promise<Awaited<ReturnType<typeof finishDownload>>> {
  for (let attempt = 1; ; attempt++) {
    await beginDownload(visitor, '/large.bin')
    await visitor.stopServiceWorkers()
    const got = await finishDownload(visitor)
    if (got.error !== undefined || got.bytes < LARGE.byteLength || attempt === 4) return got
    expect(got.sha256).toBe(sha256(LARGE))
  }
}
