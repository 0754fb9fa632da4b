import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256, statusOf } from './page.ts'
import { html } from './test-site.ts'

const DATA = seededBytes(1024 * 1024 + 5, 3)

interface Page {
  readonly body: string | Uint8Array
  readonly type: string
  readonly control: string
}

/** A site whose owner has never heard of publishing. */
async function startOrigin() {
  const pages = new Map<string, Page>()
  let bytes = 0
  const server = createServer((request, response) => {
    // The worker's script has its options in the query.
    const page = pages.get((request.url ?? '/').replace(/\?.*/, ''))
    if (page === undefined) {
      response.writeHead(404).end()
      return
    }
    const etag = `"${sha256(page.body).slice(0, 12)}"`
    response.setHeader('Cache-Control', page.control).setHeader('ETag', etag).setHeader('Content-Type', page.type)
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end()
      return
    }
    // Of assets, asked for by visitors.
    if (request.headers['user-agent']?.startsWith('blackhole-relay') !== true) bytes += page.body.length
    response.end(page.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://localhost:${String((server.address() as AddressInfo).port)}`,
    pages,
    bytes: () => bytes,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

let browser: ChromiumBrowser
let origin: Awaited<ReturnType<typeof startOrigin>>

test.beforeEach(async () => {
  origin = await startOrigin()
  browser = await launchChromium()
})

test.afterEach(async () => {
  await browser.close()
  await origin.stop()
})

async function visit(): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await visitor.goto(`${origin.origin}/`)
  await ready(visitor)
  return visitor
}

/** A visitor of the page that asks first, while others who have what it wants are there: until it agrees it meets none of them. */
async function asksFirst(relay: RelayProcess): Promise<void> {
  const visitor = await browser.newVisitor()
  await visitor.context.addInitScript(() => {
    const contacts: string[] = []
    Object.assign(globalThis, { contacts })
    for (const name of ['RTCPeerConnection', 'WebSocket', 'WebTransport'])
      Reflect.set(
        globalThis,
        name,
        new Proxy(Reflect.get(globalThis, name) as new () => object, {
          construct(target, args: []) {
            contacts.push(name)
            return Reflect.construct(target, args)
          },
        }),
      )
  })
  const contacts = () => visitor.evaluate(() => (globalThis as unknown as { contacts: string[] }).contacts)
  const present = async () => (await relay.metrics()).value('blackhole_peers')
  const others = await present()
  expect(others).toBeGreaterThan(0)

  // The first time past the worker, the second time by it.
  for (let load = 1; load <= 2; load++) {
    await visitor.goto(`${origin.origin}/ask.html`)
    await visitor.waitFor(() => navigator.serviceWorker.controller !== null)
    await expect(visitor.page.getByRole('button')).toHaveCount(2)
    const data = await get(visitor, '/data.bin')
    expect(data.sha256).toBe(sha256(DATA))
    expect(data.headers['x-blackhole-source']).not.toBe('peers')
    expect(await statusOf(visitor)).toMatchObject({ role: 'off', peers: 0, received: { peers: 0 }, shared: 0 })
    expect([await contacts(), await present()]).toEqual([[], others])
  }

  await visitor.evaluate(() =>
    (globalThis as unknown as { blackhole: { optIn: () => Promise<void> } }).blackhole.optIn(),
  )
  await expect.poll(async () => (await statusOf(visitor)).peers, { timeout: 30_000 }).toBeGreaterThan(0)
  expect(await contacts()).toContain('RTCPeerConnection')
  await visitor.close()
}

test('an origin with only a tag gets the CDN: the relay learns, pulls once, signs, and follows the origin', async () => {
  test.setTimeout(120_000)
  const relay = await startRelay({ args: ['--pull', origin.origin, '--allow-private'] })
  try {
    const status = async () =>
      (
        (await (await fetch(`${relay.url}/.blackhole/api/v1/status`)).json()) as {
          pull: { site: string; assets: number; state: string }[]
        }
      ).pull[0]
    const site = (await status())?.site ?? ''
    const script = { type: 'text/javascript', control: 'public, max-age=600' }
    const tag = `<script async src="${relay.url}/blackhole.js" data-site="${site}" data-sample="1"></script>`
    const page = `${html('Shop', tag)}<script src="/app.js"></script><script>loaded = fetch("/data.bin").then((answer) => answer.arrayBuffer())</script><script src="/mine.js"></script>`
    origin.pages.set('/', { body: page, type: 'text/html', control: 'no-cache' })
    const asking = page.replace(' data-sample', ' data-consent data-sample')
    origin.pages.set('/ask.html', { body: asking, type: 'text/html', control: 'no-cache' })
    origin.pages.set('/blackhole-sw.js', { ...script, body: `importScripts("${relay.url}/blackhole-sw.js")` })
    origin.pages.set('/app.js', { ...script, body: 'globalThis.shop = 1\n' })
    origin.pages.set('/data.bin', { body: DATA, type: 'application/octet-stream', control: 'public, max-age=600' })
    origin.pages.set('/mine.js', { ...script, body: 'globalThis.me = 1\n', control: 'private, max-age=600' })
    origin.pages.set('/.well-known/blackhole.json', {
      body: JSON.stringify({ sites: [site] }),
      type: 'application/json',
      control: 'no-store',
    })
    await expect.poll(async () => (await status())?.state, { timeout: 30_000 }).toBe('serving')

    const a = await visit()
    const first = origin.bytes()
    expect(first).toBeGreaterThan(DATA.byteLength)
    await expect.poll(async () => (await status())?.assets, { timeout: 30_000 }).toBe(2)
    const sourceOf = async (visitor: ChromiumVisitor, path: string) =>
      (await get(visitor, path)).headers['x-blackhole-source']
    await expect.poll(() => sourceOf(a, '/data.bin'), { timeout: 30_000 }).toBe('local')

    const b = await visit()
    await expect.poll(async () => (await statusOf(b)).peers, { timeout: 30_000 }).toBeGreaterThan(0)
    const before = origin.bytes()
    await b.goto(`${origin.origin}/`)
    await ready(b)
    const data = await get(b, '/data.bin')
    expect(data.sha256).toBe(sha256(DATA))
    expect(['local', 'peers']).toContain(data.headers['x-blackhole-source'])
    // Neither of the assets came from the origin again: only the page and what is private did.
    expect(origin.bytes() - before).toBeLessThan(10_000)
    expect((await get(b, '/mine.js')).headers).not.toHaveProperty('x-blackhole-source')

    await asksFirst(relay)

    origin.pages.set('/app.js', { ...script, body: 'globalThis.shop = 2\n' })
    await expect
      .poll(async () => (await get(b, '/app.js')).text, { timeout: 60_000, intervals: [1000] })
      .toBe('globalThis.shop = 2\n')
    expect(await (await fetch(`${relay.url}/ipns/${site}/mine.js`)).text()).not.toContain('globalThis.me')
  } finally {
    await relay.stop()
  }
})
