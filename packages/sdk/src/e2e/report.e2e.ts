import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, open } from './page.ts'
import { PublishedSite } from './published-site.ts'

const FILE = seededBytes(1_500_000, 91)

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html', { report: '' })
  await site.addPage('silent.html')
  await site.addPage('consent.html', { report: '', consent: '' })
  await site.add('file.bin', FILE)
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

interface Reported {
  readonly peers: number
  readonly http: number
  readonly loads: number
}

/** What the relay has been told by visitors. */
async function reported(): Promise<Reported> {
  const response = await fetch(`${relay.url}/.blackhole/api/v1/history?span=day`)
  const { columns } = (await response.json()) as { columns: Record<string, (number | null)[]> }
  const told = (name: string): number[] => (columns[name] ?? []).filter((value) => value !== null)
  const sum = (name: string): number => told(name).reduce((total, value) => total + value, 0)
  return { peers: sum('visitorPeers'), http: sum('visitorHttp'), loads: told('loadMs').length }
}

async function visit(page: string, prepare?: (visitor: ChromiumVisitor) => Promise<void>): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await prepare?.(visitor)
  await visitor.goto(site.url + page)
  return visitor
}

test('a relay is told where bytes came from, by visitors who agreed and by no other', async () => {
  // These three say nothing: the tag does not ask for it, the visitor has not answered, the browser says no for its visitor.
  const quiet = await Promise.all([
    visit('silent.html'),
    visit('consent.html'),
    visit('index.html', async ({ context }) => {
      await context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }))
    }),
  ])
  for (const visitor of quiet) await get(visitor, '/file.bin')
  const holder = await browser.newVisitor()
  await open(holder, site.url)
  await get(holder, '/file.bin')
  const told = { timeout: 20_000 }
  await expect.poll(async () => (await reported()).http, told).toBeGreaterThan(0)
  const first = await reported()
  // As much as one visitor got, and not four.
  expect(first.http + first.peers).toBeLessThan(1.5 * FILE.byteLength)
  expect(first.loads).toBe(1)
  await Promise.all(quiet.map((visitor) => visitor.context.close()))

  const reader = await browser.newVisitor()
  await open(reader, site.url)
  await relay.serveContent(false)
  await get(reader, '/file.bin')
  await expect.poll(async () => (await reported()).peers - first.peers, told).toBeGreaterThanOrEqual(FILE.byteLength)
  expect(holder.consoleErrors).toEqual([])
  await Promise.all([holder, reader].map((visitor) => visitor.context.close()))
})
