import { isDeepStrictEqual } from 'node:util'
import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, open, ready, statusOf, type PageWindow } from './page.ts'
import { PublishedSite } from './published-site.ts'

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html')
  await site.addPage('widget.html', { widget: '' })
  await site.addPage('consent.html', { consent: '' })
  await site.addPage('no-peer.html', { peer: '/is-not-there.js' })
  await site.add('file.bin', 'some bytes')
  await site.add(
    'plain.html',
    '<!doctype html><html><head><link rel="icon" href="data:,"></head><body><img src="/slow.svg"></body></html>',
  )
  await site.add(
    'not-eager.html',
    `<!doctype html><html><head><link rel="icon" href="data:,">
<script async src="/.blackhole/blackhole.js" data-site="${site.name}" data-worker="/.blackhole/blackhole-sw.js" data-eager="false"></script>
</head><body><img src="/slow.svg"></body></html>`,
  )
  await site.add('slow.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

/** Notes the events of `window.blackhole` from the moment that it is there. */
async function listen(visitor: ChromiumVisitor): Promise<() => Promise<{ type: string; detail: unknown }[]>> {
  await visitor.context.addInitScript(() => {
    const heard: { type: string; detail: unknown }[] = []
    Object.assign(window, { heard })
    const timer = setInterval(() => {
      if (!('blackhole' in window)) return
      clearInterval(timer)
      for (const type of ['statuschange', 'update', 'consent']) {
        ;(window as unknown as { blackhole: EventTarget }).blackhole.addEventListener(type, (event) => {
          heard.push({ type, detail: (event as CustomEvent<unknown>).detail })
        })
      }
    }, 1)
  })
  return () => visitor.evaluate(() => (window as unknown as { heard: { type: string; detail: unknown }[] }).heard)
}

for (const page of ['plain.html', 'not-eager.html']) {
  test(`the peer is asked for after the page has loaded, and not before: ${page}`, async () => {
    const visitor = await browser.newVisitor()
    await visitor.context.route('**/slow.svg', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      await route.continue()
    })
    await visitor.goto(`${site.url}${page}`)
    await ready(visitor)
    const { loaded, peer, worker } = await visitor.evaluate(() => {
      const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
      const resources = performance.getEntriesByType('resource')
      const startOf = (name: string): number | undefined =>
        resources.find((entry) => entry.name.includes(name))?.startTime
      return {
        loaded: navigation?.loadEventStart ?? NaN,
        peer: startOf('blackhole-peer.js'),
        worker: startOf('-sw.js'),
      }
    })
    expect(loaded).toBeGreaterThan(500)
    expect(peer).toBeGreaterThanOrEqual(loaded)
    expect(worker ?? Infinity).toBeGreaterThanOrEqual(loaded)
    await visitor.context.close()
  })
}

test('each change is an event, and so is a newer version', async () => {
  const visitor = await browser.newVisitor()
  const heard = await listen(visitor)
  await open(visitor, `${site.url}index.html`)
  await get(visitor, '/file.bin')
  const status = await statusOf(visitor)
  expect(Object.keys(status)).toEqual(['role', 'peers', 'received', 'shared'])
  expect(Object.keys(status.received)).toEqual(['local', 'peers', 'http'])
  await expect
    .poll(async () => {
      const status = await statusOf(visitor)
      const last = (await heard()).filter(({ type }) => type === 'statuschange').at(-1)
      return isDeepStrictEqual(last?.detail, status)
    })
    .toBe(true)
  await site.add('new.txt', 'new')
  const { version } = await site.publish()
  await expect
    .poll(async () => (await heard()).filter(({ type }) => type === 'update'))
    .toEqual([{ type: 'update', detail: version }])
  await visitor.context.close()
})

test('the widget shows who is there, and its switch stops it', async () => {
  const other = await browser.newVisitor()
  await open(other, `${site.url}index.html`)
  const visitor = await browser.newVisitor()
  await open(visitor, `${site.url}widget.html`)
  const { page } = visitor
  await expect(page.locator('summary')).toHaveText('Connected to 1 visitor')
  await page.locator('summary').click()
  await page.getByRole('switch').click()
  await expect(page.locator('summary')).toHaveText('Not sharing')
  await expect.poll(async () => (await statusOf(visitor)).role).toBe('off')
  await expect.poll(async () => (await statusOf(other)).peers).toBe(0)
  await other.context.close()
  await visitor.context.close()
})

test('where a site asks first, nobody takes part before having agreed', async () => {
  const visitor = await browser.newVisitor()
  const heard = await listen(visitor)
  await visitor.goto(`${site.url}consent.html`)
  await expect.poll(async () => (await heard()).map(({ type }) => type)).toContain('consent')
  await expect(visitor.page.getByRole('button')).toHaveCount(2)
  expect((await statusOf(visitor)).role).toBe('off')
  expect((await relay.metrics()).value('blackhole_peers')).toBe(0)
  await visitor.evaluate(async () => {
    await (window as unknown as PageWindow).blackhole.optIn()
  })
  await expect.poll(async () => (await statusOf(visitor)).role).toBe('host')
  await visitor.page.reload()
  await expect.poll(async () => (await statusOf(visitor)).role).toBe('host')
  await visitor.context.close()
})

test('what was counted is told without the peer too', async () => {
  const visitor = await browser.newVisitor()
  await open(visitor, `${site.url}index.html`)
  await get(visitor, '/file.bin')
  const before = await statusOf(visitor)
  expect(before.received.http + before.received.peers).toBeGreaterThan(0)
  await visitor.goto(`${site.url}no-peer.html`)
  await visitor.waitFor(() => 'blackhole' in window)
  const { role, received } = await statusOf(visitor)
  expect(role).toBe('off')
  expect(received.http).toBeGreaterThanOrEqual(before.received.http)
  await visitor.context.close()
})

test('a page that the worker missed becomes ready all the same', async () => {
  const visitor = await browser.newVisitor()
  await open(visitor, site.url)
  // Past the worker: it is active, and the page is not under its control.
  const protocol = await visitor.context.newCDPSession(visitor.page)
  await Promise.all([visitor.page.waitForEvent('load'), protocol.send('Page.reload', { ignoreCache: true })])
  await ready(visitor)
  expect(await visitor.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated')
  await visitor.close()
})
