import { createHash } from 'node:crypto'
import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { open, statusOf } from './page.ts'
import { PublishedSite } from './published-site.ts'

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  const peer = await (await fetch(`${relay.url}/blackhole-peer.js`)).bytes()
  const hash = createHash('sha384').update(peer).digest('base64')
  await site.addPage('index.html', { 'peer-integrity': `sha384-${hash}` })
  await site.addPage('changed.html', { 'peer-integrity': `sha384-${'A'.repeat(64)}` })
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test('a peer that is the one of the tag runs', async () => {
  const visitor = await browser.newVisitor()
  await open(visitor, `${site.url}index.html`)
  expect(await statusOf(visitor)).toMatchObject({ role: 'host' })
  expect(visitor.consoleErrors).toEqual([])
})

test('a peer that is another does not, and the page goes on without', async () => {
  const visitor = await browser.newVisitor()
  await visitor.goto(`${site.url}changed.html`)
  await visitor.waitFor(() => 'blackhole' in window)
  await expect(open(visitor, `${site.url}changed.html`)).rejects.toThrow()
  expect(await statusOf(visitor)).toMatchObject({ role: 'off' })
  expect(await visitor.evaluate(() => document.querySelector('h1')?.textContent)).toBe('changed.html')
})
