import { launchFirefox, seededBytes, startRelay } from '@blackhole/testkit'
import type { FirefoxBrowser, FirefoxVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { startOriginServer } from './origin-server.ts'
import type { OriginServer } from './origin-server.ts'
import { get, ready, sha256 } from './page.ts'
import { TestSite, html } from './test-site.ts'

const FILE = seededBytes(3 * 1024 * 1024 + 5, 9)

let relay: RelayProcess
let origin: OriginServer
let site: TestSite
let browser: FirefoxBrowser

test.beforeAll(async () => {
  relay = await startRelay()
  origin = await startOriginServer()
  site = await TestSite.create(relay)
  browser = await launchFirefox()
})

test.afterAll(async () => {
  await browser.close()
  await origin.stop()
  await relay.stop()
  await site.remove()
})

const story =
  'a site with a server of its own and the tag: files come through the worker and from peers, and it wins when it changes'

test(story, { tag: '@firefox' }, async () => {
  const tag = `<script async src="${relay.url}/blackhole.js" data-site="${site.name}" data-sample="1"></script>`
  const files: Record<string, string | Uint8Array> = {
    'index.html': html('Home', tag),
    'app.js': 'globalThis.version = 1\n',
    'file.bin': FILE,
    'blackhole-sw.js': `importScripts(${JSON.stringify(`${relay.url}/blackhole-sw.js`)})\n`,
  }
  for (const [path, content] of Object.entries(files)) origin.files.set(path, content)
  await site.publish(files, ['--origin', origin.url.slice(0, -1)])

  const holder = await browser.newVisitor()
  await holder.goto(origin.url)
  await ready(holder)
  const source = async (visitor: FirefoxVisitor, path: string): Promise<string | undefined> =>
    (await get(visitor, path)).headers['x-blackhole-source']
  await expect.poll(() => source(holder, '/app.js')).toBe('local')
  await expect.poll(() => source(holder, '/file.bin')).toBe('local')
  expect((await get(holder, '/app.js')).text).toBe('globalThis.version = 1\n')
  // A page's own calls, and what was not published, are the server's.
  const unpublished = await get(holder, '/api/items')
  expect(unpublished).toMatchObject({ status: 404, text: 'nothing at /api/items' })
  expect(unpublished.headers).not.toHaveProperty('x-blackhole-source')

  const reader = await browser.newVisitor()
  await reader.goto(origin.url)
  await ready(reader)
  await expect.poll(() => source(reader, '/app.js')).toBe('local')
  // Neither the server nor the relay gives the file any more: the other visitor does.
  await relay.serveContent(false)
  await origin.stop()
  const got = await get(reader, '/file.bin')
  expect(got).toMatchObject({ status: 200, sha256: sha256(FILE) })
  expect(got.headers['x-blackhole-source']).toBe('peers')
  await origin.start()

  // Deployed without publishing: noticed by the worker's samples of the server, which wins from then on.
  origin.files.set('app.js', 'globalThis.version = 2\n')
  await expect
    .poll(async () => (await get(holder, '/app.js')).text, { timeout: 30_000 })
    .toBe('globalThis.version = 2\n')
  await holder.goto(origin.url)
  expect((await get(holder, '/app.js')).text).toBe('globalThis.version = 2\n')
  for (const visitor of [holder, reader]) {
    expect(visitor.consoleErrors).toEqual([])
    expect(visitor.failedRequests.filter((request) => !request.includes('/api/items'))).toEqual([])
    await visitor.close()
  }
})
