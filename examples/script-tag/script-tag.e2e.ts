import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, RelayProcess, Visitor } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { startOriginServer } from './origin-server.ts'
import { PUBLIC, setUp } from './set-up.ts'
import type { TaggedSite } from './set-up.ts'

/** Part of `window.blackhole`. */
interface PageApi {
  readonly ready: Promise<unknown>
  status(): Promise<{ received: { local: number; peers: number; http: number } }>
}

const HOURS = ['dawn', 'noon', 'dusk', 'night']

/** Of the four pictures. */
const PICTURE_BYTES = 103_030

let home: string
let relay: RelayProcess
let site: TaggedSite
let browser: ChromiumBrowser

test.beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'blackhole-home-'))
  relay = await startRelay()
  site = await setUp({ relay: relay.url, home })
  browser = await launchChromium()
})

test.afterEach(async () => {
  await browser.close()
  await site.stop()
  await relay.stop()
  await rm(home, { recursive: true, force: true })
})

/** Reads the whole site, page after page; returns the bytes that its server sent. */
async function read(
  visitor: Visitor,
  server: { url: string; sentBytes: number },
  arrive: () => Promise<void>,
): Promise<number> {
  const before = server.sentBytes
  expect(await visitor.goto(`${server.url}/`)).toBe(200)
  await arrive()
  for (const hour of HOURS) {
    expect(await visitor.goto(`${server.url}/${hour}/`)).toBe(200)
    await visitor.waitFor(() => [...document.images].every((image) => image.complete && image.naturalWidth === 1280))
  }
  return server.sentBytes - before
}

async function ready(visitor: Visitor): Promise<void> {
  await visitor.evaluate(async () => {
    await (window as unknown as { blackhole: PageApi }).blackhole.ready
  })
}

/** Stays on the page until the site is there as a whole. */
async function stay(visitor: Visitor): Promise<void> {
  await ready(visitor)
  await expect
    .poll(async () => {
      const { received } = await statusOf(visitor)
      return received.peers + received.http
    })
    .toBeGreaterThanOrEqual(site.bytes)
}

async function statusOf(visitor: Visitor): ReturnType<PageApi['status']> {
  return await visitor.evaluate(async () => await (window as unknown as { blackhole: PageApi }).blackhole.status())
}

test('the server of an existing site sends less to each visitor, once it has the tag', async () => {
  const plain = await startOriginServer(PUBLIC)
  const plainVisitor = await browser.newVisitor()
  const plainBytes = await read(plainVisitor, plain, () => Promise.resolve())
  await plain.stop()

  const first = await browser.newVisitor()
  await read(first, site.origin, () => stay(first))
  await ready(first)

  const pathsBefore = site.origin.sentPaths.length
  const second = await browser.newVisitor()
  const secondBytes = await read(second, site.origin, () => stay(second))
  expect(secondBytes).toBeLessThan(plainBytes * 0.3)
  expect(site.origin.sentPaths.slice(pathsBefore).filter((path) => path.startsWith('/pictures/'))).toEqual([])
  await ready(second)
  const { received } = await statusOf(second)
  expect(received.peers).toBeGreaterThan(PICTURE_BYTES)
  for (const visitor of [first, second]) {
    expect(visitor.consoleErrors).toEqual([])
    expect(visitor.failedRequests).toEqual([])
  }
})

test('pages come from the site’s own server, and so does what was not published', async () => {
  const visitor = await browser.newVisitor()
  await visitor.goto(`${site.origin.url}/`)
  await ready(visitor)
  const before = site.origin.sentPaths.length
  await visitor.goto(`${site.origin.url}/dawn/`)
  expect(site.origin.sentPaths.slice(before)).toContain('/dawn/')
  const status = await visitor.evaluate(async () => (await fetch('/never-published.json')).status)
  expect(status).toBe(404)
})
