import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256, statusOf } from './page.ts'
import { TestSite, html } from './test-site.ts'

const FIRST = seededBytes(1_500_000, 31)
const SECOND = seededBytes(400_000, 32)

let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser

test.beforeAll(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  await site.publish({ 'index.html': html('Home'), 'first.bin': FIRST, 'second.bin': SECOND })
  browser = await launchChromium()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

async function visit(visitor: ChromiumVisitor): Promise<void> {
  expect(await visitor.goto(site.url)).toBe(200)
  await ready(visitor)
}

/** The page's part of Blackhole as a release would ship it that speaks another version to its worker. */
function ofAnotherVersion(peer: string): string {
  const changed = peer.replace(/(hello[`"'],version:)1\b/, '$19').replace(/(hello[`"']\)\w+\.version===)1\b/, '$19')
  if (changed.split('9').length - peer.split('9').length !== 2) throw new Error('The peer greets in another way')
  return changed
}

test('a page that speaks another version than its worker gets its bytes all the same, and peers after a reload', async () => {
  const holder = await browser.newVisitor()
  await visit(holder)
  await get(holder, '/first.bin')
  await get(holder, '/second.bin')

  const visitor = await browser.newVisitor()
  const warnings: string[] = []
  visitor.page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text())
  })
  const body = ofAnotherVersion(await (await fetch(`${relay.url}/blackhole-peer.js`)).text())
  await visitor.context.route('**/blackhole-peer.js', async (route) => {
    await route.fulfill({ body, contentType: 'text/javascript' })
  })
  await visit(visitor)
  const first = await get(visitor, '/first.bin')
  expect(first).toMatchObject({ status: 200, sha256: sha256(FIRST) })
  expect(first.headers['x-blackhole-source']).toBe('http')
  expect((await get(visitor, '/first.bin')).headers['x-blackhole-source']).toBe('local')
  expect((await statusOf(visitor)).role).toBe('host')
  expect(warnings.join('\n')).toContain('this page speaks version 1 of the worker channel')
  expect(visitor.consoleErrors).toEqual([])
  expect(visitor.failedRequests).toEqual([])

  await visitor.context.unroute('**/blackhole-peer.js')
  await visit(visitor)
  await expect.poll(async () => (await statusOf(visitor)).peers).toBe(1)
  await relay.serveContent(false)
  const second = await get(visitor, '/second.bin')
  expect(second).toMatchObject({ status: 200, sha256: sha256(SECOND) })
  expect(second.headers['x-blackhole-source']).toBe('peers')
})
