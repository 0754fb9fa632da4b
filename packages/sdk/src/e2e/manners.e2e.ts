import { createHash } from 'node:crypto'
import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { measured } from './measured.ts'
import { get, open, statusOf, type PageWindow } from './page.ts'
import { PublishedSite } from './published-site.ts'

const MIB = 1024 * 1024
const FIRST = seededBytes(2 * MIB + 3, 61)
const SECOND = seededBytes(3 * MIB + 5, 62)
const LARGE = seededBytes(6 * MIB, 63)

/** What the page of the capped holder says, in bytes a second, and the burst that a token bucket of it lets pass. */
const UPLOAD_LIMIT = 1 * MIB
const BURST = 256 * 1024

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html')
  await site.addPage('capped.html', { 'upload-limit': '1M' })
  await site.addPage('relay-only.html', { 'relay-only': '' })
  await site.add('first.bin', FIRST)
  await site.add('second.bin', SECOND)
  await site.add('large.bin', LARGE)
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test.beforeEach(async () => {
  await relay.serveContent(true)
})

test('whoever opts out gives nothing more, and the others do without', async () => {
  const holder = await visit('index.html')
  expect(await get(holder, '/first.bin')).toMatchObject({ status: 200, sha256: sha256(FIRST) })
  expect(await get(holder, '/second.bin')).toMatchObject({ status: 200, sha256: sha256(SECOND) })
  const reader = await visit('index.html')
  await expect.poll(async () => (await statusOf(reader)).peers).toBe(1)

  // That the holder is why the bytes came at all is shown by a relay that gives none.
  await relay.serveContent(false)
  expect(await get(reader, '/first.bin')).toMatchObject({ status: 200, sha256: sha256(FIRST), source: 'peers' })
  await expect.poll(async () => (await statusOf(holder)).shared).toBeGreaterThanOrEqual(FIRST.byteLength)
  const { shared } = await statusOf(holder)

  await holder.evaluate(async () => {
    await (window as unknown as PageWindow).blackhole.optOut()
  })
  await expect.poll(async () => (await statusOf(holder)).role).toBe('off')
  await expect.poll(async () => (await statusOf(reader)).peers).toBe(0)
  await relay.serveContent(true)
  // The worker leaves a relay that said it serves no content alone for some seconds.
  await expect
    .poll(async () => await get(reader, '/second.bin'), { timeout: 60_000 })
    .toMatchObject({ status: 200, sha256: sha256(SECOND), source: 'http' })
  expect((await statusOf(holder)).shared).toBe(shared)

  // The choice outlives the page.
  await holder.page.reload()
  expect((await statusOf(holder)).role).toBe('off')
  await closeAll(holder, reader)
})

test('the limit of what is given is held', async () => {
  const holder = await visit('capped.html')
  expect(await get(holder, '/large.bin')).toMatchObject({ status: 200, sha256: sha256(LARGE) })
  const reader = await visit('index.html')
  await expect.poll(async () => (await statusOf(reader)).peers).toBe(1)
  await relay.serveContent(false)

  const got = await get(reader, '/large.bin')
  expect(got).toMatchObject({ status: 200, sha256: sha256(LARGE), source: 'peers' })
  const least = ((LARGE.byteLength - BURST) / UPLOAD_LIMIT) * 1000
  const rate = LARGE.byteLength / (got.ms / 1000)
  measured(`${(rate / 1024).toFixed(0)} KiB/s at a limit of ${String(UPLOAD_LIMIT / 1024)} KiB/s`)
  // 5 % for the clocks of two pages.
  expect(got.ms).toBeGreaterThan(least * 0.95)
  // And it is a limit, not a stop.
  expect(got.ms).toBeLessThan(least * 4)
  await closeAll(holder, reader)
})

test('a page that talks to relays alone makes no connection to anyone else', async () => {
  const holder = await visit('index.html')
  expect(await get(holder, '/first.bin')).toMatchObject({ status: 200 })
  const [shy, usual] = [await counting(), await counting()]
  await open(usual, `${site.url}index.html`)
  await expect.poll(async () => (await statusOf(usual)).peers).toBeGreaterThan(0)
  // The counter counts.
  expect(await connectionsOf(usual)).toBeGreaterThan(0)

  await open(shy, `${site.url}relay-only.html`)
  expect((await statusOf(shy)).role).toBe('host')
  expect(await get(shy, '/first.bin')).toMatchObject({ status: 200, sha256: sha256(FIRST), source: 'http' })
  // Somebody who comes later finds nobody to dial there either.
  const later = await visit('index.html')
  await expect.poll(async () => (await statusOf(later)).peers).toBe(2)
  expect((await statusOf(shy)).peers).toBe(0)
  expect(await connectionsOf(shy)).toBe(0)
  await closeAll(holder, usual, shy, later)
})

async function visit(page: string): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await open(visitor, site.url + page)
  return visitor
}

interface CountingWindow extends Window {
  connections: number
}

/** A visitor whose pages count the `RTCPeerConnection`s that they make. */
async function counting(): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await visitor.context.addInitScript(() => {
    const page = window as unknown as CountingWindow
    page.connections = 0
    const { RTCPeerConnection } = globalThis
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        page.connections++
      }
    }
  })
  return visitor
}

async function connectionsOf(visitor: ChromiumVisitor): Promise<number> {
  return await visitor.evaluate(() => (window as unknown as CountingWindow).connections)
}

async function closeAll(...visitors: readonly ChromiumVisitor[]): Promise<void> {
  await Promise.all(visitors.map((visitor) => visitor.context.close()))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
