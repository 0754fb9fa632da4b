import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, runCommand, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { startOriginServer } from './origin-server.ts'
import type { OriginServer } from './origin-server.ts'
import { get, ready, statusOf } from './page.ts'
import { TestSite, html } from './test-site.ts'

/** Part of what `blackhole assets --json` prints. */
interface Assets {
  readonly files: readonly { readonly file: string }[]
  readonly tag: string
  readonly workerFile: string | null
}

let relay: RelayProcess
let origin: OriginServer
let site: TestSite
let browser: ChromiumBrowser

test.beforeEach(async () => {
  relay = await startRelay()
  origin = await startOriginServer()
  site = await TestSite.create(relay)
  browser = await launchChromium()
})

test.afterEach(async () => {
  await browser.close()
  await origin.stop()
  await relay.stop()
  await site.remove()
})

/** Runs `blackhole assets`. */
async function assets(...args: string[]): Promise<Assets> {
  const { code, stdout, stderr } = await runCommand([
    ...['assets', ...args, '--relay', relay.url, '--site', site.name, '--json'],
  ])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Assets
}

/** Deploys files at the origin, and publishes the same. */
async function deploy(files: Readonly<Record<string, string | Uint8Array>>, ...args: string[]): Promise<void> {
  for (const [path, content] of Object.entries(files)) origin.files.set(path, content)
  await site.publish(files, ['--origin', origin.url.slice(0, -1), ...args])
}

async function visit(): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await visitor.goto(origin.url)
  await ready(visitor)
  return visitor
}

/** Waits until a path is stored in the visitor's browser. */
async function stored(visitor: ChromiumVisitor, path: string): Promise<void> {
  await expect.poll(async () => (await get(visitor, path)).headers['x-blackhole-source'], path).toBe('local')
}

test('an origin that has all scripts of its own, and lets documents come from the site, may be down', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-assets-'))
  const { files, tag } = await assets(folder)
  const scripts = await Promise.all(files.map(async ({ file }) => [file, await readFile(join(folder, file))] as const))
  await rm(folder, { recursive: true })
  const pages = { 'index.html': html('Home', tag), 'about/index.html': html('About', tag), 'app.js': '/* app */' }
  await deploy({ ...Object.fromEntries(scripts), ...pages }, '--documents', 'site')

  const first = await visit()
  const loaded = await first.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
  expect(loaded.filter((url) => url.includes('blackhole')).filter((url) => url.endsWith('js'))).toEqual(
    ['blackhole.js', 'blackhole-peer.js'].map((file) => origin.url + file),
  )
  expect((await statusOf(first)).role).toBe('host')
  for (const path of ['/', '/about/', '/app.js']) await stored(first, path)
  expect((await get(first, '/api/items')).text).toBe('nothing at /api/items')

  // Another visitor has the tag and has not read that page: it comes from the first one.
  const second = await visit()
  await expect.poll(async () => (await statusOf(second)).peers).toBe(1)
  await origin.stop()
  await relay.serveContent(false)
  const tab = await second.newTab()
  expect(await tab.goto(`${origin.url}about/`)).toBe(200)
  expect(await tab.evaluate(() => document.title)).toBe('About')
  expect((await get(tab, '/app.js')).headers['x-blackhole-source']).toBe('peers')
  expect(await first.goto(origin.url)).toBe(200)
  expect(await first.evaluate(() => document.title)).toBe('Home')
  await origin.start()
})

test('scripts of the relay are the ones that the tag’s hashes name, or do not run', async () => {
  const { tag, workerFile } = await assets()
  expect(tag).toContain(' integrity="sha384-')
  await deploy({ 'index.html': html('Home', tag), 'app.js': '/* app */', 'blackhole-sw.js': `${workerFile ?? ''}\n` })
  const visitor = await visit()
  expect((await statusOf(visitor)).role).toBe('host')
  await stored(visitor, '/app.js')
  expect(visitor.consoleErrors).toEqual([])

  const victim = await browser.newVisitor()
  await victim.context.route(`${relay.url}/blackhole.js`, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: `globalThis.changed = true\n${await response.text()}` })
  })
  await victim.goto(origin.url)
  await expect.poll(() => victim.consoleErrors.join()).toContain('integrity')
  expect(
    await victim.evaluate(async () => [
      document.title,
      'changed' in window,
      'blackhole' in window,
      (await navigator.serviceWorker.getRegistrations()).length,
    ]),
  ).toEqual(['Home', false, false, 0])
})
