import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import type { PageStatus } from '../loader/loader-config.ts'
import { get, open, type PageWindow } from './page.ts'
import { PublishedSite } from './published-site.ts'

/** How long a slow holder thinks about each offer: longer than all else that a page waits for together. */
const SLOW_MS = 2_000

/** Whoever is alone must not wait for as long as a dial may take. */
const SOON_MS = 4_000

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html')
  await site.add('file.bin', 'some bytes')
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

/** Opens the site; tells what its status is at the moment that it is ready. */
async function whenReady(visitor: ChromiumVisitor): Promise<PageStatus & { ms: number }> {
  await visitor.goto(`${site.url}index.html`)
  await visitor.waitFor(() => 'blackhole' in window)
  return await visitor.evaluate(async () => {
    const { blackhole } = window as unknown as PageWindow
    await blackhole.ready
    return { ms: performance.now(), ...(await blackhole.status()) }
  })
}

/** A visitor who holds the site, and takes its time to answer those who dial it. */
async function slowHolder(ms: number): Promise<ChromiumVisitor> {
  const holder = await browser.newVisitor()
  await holder.context.addInitScript((ms) => {
    const { prototype } = RTCPeerConnection
    const answer = Object.getOwnPropertyDescriptor(prototype, 'createAnswer')?.value as () => Promise<unknown>
    Object.assign(prototype, {
      async createAnswer(this: RTCPeerConnection) {
        await new Promise((resolve) => setTimeout(resolve, ms))
        return await answer.call(this)
      },
    })
  }, ms)
  await open(holder, `${site.url}index.html`)
  await get(holder, '/file.bin')
  // Who comes in the same second as the first can't be told of them yet.
  await expect.poll(async () => (await relay.metrics()).value('blackhole_holders')).toBe(1)
  return holder
}

test('whoever is alone is ready soon, and knows it', { tag: '@alone' }, async () => {
  const visitor = await browser.newVisitor()
  const { ms, role, peers } = await whenReady(visitor)
  expect({ role, peers }).toEqual({ role: 'host', peers: 0 })
  expect(ms).toBeLessThan(SOON_MS)
  await visitor.context.close()
})

test(
  'a page is not ready before it is connected to the one who holds the site, however slow; nor is its next tab',
  { tag: '@alone' },
  async () => {
    const holder = await slowHolder(SLOW_MS)
    const visitor = await browser.newVisitor()
    const tab = await visitor.newTab()
    const [first, second] = await Promise.all([whenReady(visitor), whenReady(tab)])
    expect([first.role, second.role].sort()).toEqual(['guest', 'host'])
    for (const { ms, peers } of [first, second]) {
      expect(peers).toBe(1)
      expect(ms).toBeGreaterThan(SLOW_MS)
    }
    // And it is a holder, which the page gets its bytes from.
    await relay.serveContent(false)
    expect(await get(visitor, '/file.bin')).toMatchObject({ status: 200, source: 'peers' })
    await relay.serveContent(true)
    await visitor.context.close()
    await holder.context.close()
  },
)

test('a holder that never answers keeps nobody waiting for ever', { tag: '@alone' }, async () => {
  const holder = await slowHolder(600_000)
  const visitor = await browser.newVisitor()
  const { ms, peers } = await whenReady(visitor)
  expect(peers).toBe(0)
  expect(ms).toBeGreaterThan(SLOW_MS)
  await visitor.context.close()
  await holder.context.close()
})
