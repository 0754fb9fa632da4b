import { launchFirefox, seededBytes, startRelay } from '@blackhole/testkit'
import type { FirefoxBrowser, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { beginDownload, finishDownload, get, ready, sha256 } from './page.ts'
import { TestSite, html } from './test-site.ts'

const LARGE = seededBytes(24 * 1024 * 1024 + 5, 1)
const FILES = {
  'index.html': html('Home'),
  'next.html': html('Next'),
  'app.js': 'globalThis.app = 1\n',
  'large.bin': LARGE,
  // Says which life of the worker answers, and streams for ten seconds without anyone's help.
  'probed-sw.js': `
const life = String(Math.random())
const slow = () => {
  let sent = 0
  return new ReadableStream({
    async pull(stream) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      if (sent++ === 50) stream.close()
      else stream.enqueue(new Uint8Array(1024))
    },
  }, { highWaterMark: 0 })
}
addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url)
  if (pathname !== '/life' && pathname !== '/unguarded') return
  event.stopImmediatePropagation()
  event.respondWith(new Response(pathname === '/life' ? life : slow()))
})
importScripts('/.blackhole/blackhole-sw.js')
`,
}

/** Firefox asks a worker to end this long after its last event, and ends it after as long again, whatever it does. */
const IDLE_MS = 1_000

let relay: RelayProcess
let site: TestSite
let browser: FirefoxBrowser

test.describe('in Firefox, which ends workers by the clock', { tag: '@firefox' }, () => {
  test.beforeAll(async () => {
    relay = await startRelay()
    site = await TestSite.create(relay)
    const tag = `<script async src="/.blackhole/blackhole.js" data-site="${site.name}" data-worker="/probed-sw.js" data-mode="hosted"></script>`
    await site.publish({ ...FILES, 'index.html': html('Home', tag), 'next.html': html('Next', tag) })
    browser = await launchFirefox({
      preferences: {
        'dom.serviceWorkers.idle_timeout': IDLE_MS,
        'dom.serviceWorkers.idle_extended_timeout': IDLE_MS,
      },
    })
  })

  test.afterAll(async () => {
    await browser.close()
    await relay.stop()
    await site.remove()
  })

  test('a worker that ended between requests starts again and knows what it knew', async () => {
    const visitor = await browser.newVisitor()
    await visitor.goto(site.url)
    await ready(visitor)
    const before = await get(visitor, '/app.js')
    let { text: life } = await get(visitor, '/life')
    for (let round = 0; round < 2; round++) {
      const now = async () => (await get(visitor, '/life')).text
      // Each question is an event and puts the end off, so they come ever more slowly.
      await expect.poll(now, { intervals: [3, 5, 8, 12].map((times) => times * IDLE_MS) }).not.toBe(life)
      life = await now()
      const after = await get(visitor, '/app.js')
      expect(after).toMatchObject({ status: 200, sha256: before.sha256 })
      expect(after.headers['x-blackhole-source']).toBe('local')
    }
    expect(await visitor.goto(`${site.url}next.html`)).toBe(200)
    expect(visitor.failedRequests).toEqual([])
    await visitor.close()
  })

  test('a response that takes longer than that is not cut', async () => {
    const visitor = await browser.newVisitor()
    await visitor.goto(site.url)
    await ready(visitor)
    await beginDownload(visitor, '/large.bin')
    const whole = await finishDownload(visitor)
    console.log(whole)
    await beginDownload(visitor, '/unguarded')
    console.log(await finishDownload(visitor))
    await visitor.close()
  })
})
