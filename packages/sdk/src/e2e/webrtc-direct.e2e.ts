import { createHash } from 'node:crypto'
import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, open, statusOf } from './page.ts'
import { PublishedSite } from './published-site.ts'

const FILE = seededBytes(1_500_000, 71)
const SHA256 = createHash('sha256').update(FILE).digest('hex')

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html')
  await site.add('file.bin', FILE)
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

/** A visitor whose network lets no WebSocket through: the page hears only of the relay's other addresses. */
async function visit(): Promise<{ visitor: ChromiumVisitor; sockets: string[] }> {
  const visitor = await browser.newVisitor()
  const sockets: string[] = []
  visitor.page.on('websocket', (socket) => {
    sockets.push(socket.url())
  })
  await visitor.context.addInitScript(() => {
    const original = window.fetch
    window.fetch = async (input, init) => {
      const response = await original(input, init)
      if (!response.url.endsWith('/.blackhole/api/v1/relay')) return response
      const info = (await response.json()) as { addresses: string[] }
      const addresses = info.addresses.filter((address) => !/\/wss?(\/|$)/.test(address))
      return Response.json({ ...info, addresses })
    }
  })
  await open(visitor, `${site.url}index.html`)
  return { visitor, sockets }
}

test('visitors who can open no WebSocket meet at the relay by webrtc-direct', async () => {
  const first = await visit()
  expect(await get(first.visitor, '/file.bin')).toMatchObject({ status: 200, sha256: SHA256 })
  const second = await visit()
  await expect.poll(async () => (await statusOf(second.visitor)).peers, { timeout: 30_000 }).toBe(1)
  await relay.serveContent(false)
  expect(await get(second.visitor, '/file.bin')).toMatchObject({ status: 200, sha256: SHA256, source: 'peers' })
  expect([...first.sockets, ...second.sockets]).toEqual([])
})
