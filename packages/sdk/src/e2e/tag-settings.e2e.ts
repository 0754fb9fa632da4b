import { createHash } from 'node:crypto'
import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, open, statusOf } from './page.ts'
import { PublishedSite } from './published-site.ts'

const FILE = seededBytes(1_500_000, 81)

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html')
  await site.addPage('one.html', { 'max-peers': '1' })
  await site.addPage('all.html', { seed: 'all' })
  await site.add('file.bin', FILE)
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

async function visit(page: string): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await open(visitor, site.url + page)
  return visitor
}

test('a tag says that its page holds the whole site, and to how many others it talks', async () => {
  const holder = await visit('all.html')
  // It asked for nothing but itself.
  await expect.poll(async () => (await statusOf(holder)).received.http).toBeGreaterThan(FILE.byteLength)
  const reader = await visit('index.html')
  await expect.poll(async () => (await statusOf(reader)).peers).toBe(1)
  await relay.serveContent(false)
  expect(await get(reader, '/file.bin')).toMatchObject({
    status: 200,
    sha256: createHash('sha256').update(FILE).digest('hex'),
    source: 'peers',
  })
  await relay.serveContent(true)

  const shy = await visit('one.html')
  expect((await statusOf(shy)).peers).toBe(1)
  // Who comes later finds the two others; the shy one takes no more calls either.
  const later = await visit('index.html')
  await expect.poll(async () => (await statusOf(later)).peers).toBeGreaterThanOrEqual(2)
  expect((await statusOf(shy)).peers).toBe(1)
  expect((await statusOf(later)).peers).toBe(2)

  // Who is to hold the whole site as well gets it from the one who does.
  const second = await visit('all.html')
  await expect.poll(async () => (await statusOf(second)).received.peers).toBeGreaterThan(FILE.byteLength)
  expect((await statusOf(second)).received.http).toBeLessThan(FILE.byteLength)

  // A browser counts a tab's connections over reloads, and so does the page.
  const spent = (): Promise<number> => reader.evaluate(() => Number(sessionStorage.getItem('blackhole:connections')))
  const before = await spent()
  expect(before).toBeGreaterThanOrEqual(1)
  await open(reader, `${site.url}index.html`)
  await expect.poll(async () => (await statusOf(reader)).peers).toBeGreaterThan(0)
  await expect.poll(spent).toBeGreaterThan(before)
})
