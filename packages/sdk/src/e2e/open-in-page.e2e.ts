import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, publishFolder, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, PublishResult, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { build, preview } from 'vite'
import type { PreviewServer } from 'vite'
import type { OpenSite } from '../client/open-site.ts'
import type { createBlackhole } from '../client/create-blackhole.ts'

const FILE = seededBytes(2_500_000, 91)

/** An application of another origin, with the SDK in its bundle, and no worker. */
const APPLICATION = join(import.meta.dirname, 'opener')

interface ApplicationWindow extends Window {
  readonly createBlackhole: typeof createBlackhole
  site: OpenSite
}

let home: string
let server: PreviewServer
let relay: RelayProcess
let browser: ChromiumBrowser
let published: PublishResult

test.beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'blackhole-opener-'))
  const config = { root: APPLICATION, configFile: false, logLevel: 'error' } as const
  const outDir = join(home, 'application')
  await build({ ...config, build: { outDir, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 2_000 } })
  server = await preview({ ...config, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } })
  relay = await startRelay()
  const folder = join(home, 'site')
  await mkdir(folder)
  await writeFile(join(folder, 'index.html'), '<title>Home</title>')
  await writeFile(join(folder, 'file.bin'), FILE)
  const args = ['--origin', address().slice(0, -1)]
  published = await publishFolder(folder, { relay: relay.url, home: join(home, 'keys'), args })
  browser = await launchChromium()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await server.close()
  await rm(home, { recursive: true, force: true })
})

function address(): string {
  return server.resolvedUrls?.local[0] ?? ''
}

/** Opens the application, and the site in it. */
async function openSite(): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await visitor.goto(address())
  await visitor.waitFor(() => 'createBlackhole' in window)
  await visitor.evaluate(
    async ({ relay, name }) => {
      const page = window as unknown as ApplicationWindow
      const blackhole = await page.createBlackhole({ relays: [relay] })
      page.site = await blackhole.sites.open(name)
    },
    { relay: relay.url, name: published.name },
  )
  return visitor
}

interface Read {
  readonly status: number
  readonly type: string | null
  readonly sha256: string
  readonly received: OpenSite['counters']['received']
}

async function read(visitor: ChromiumVisitor, path: string, range?: string): Promise<Read> {
  return await visitor.evaluate(
    async ({ path, range }) => {
      const { site } = window as unknown as ApplicationWindow
      const response = await site.fetch(path, range === undefined ? {} : { headers: { range } })
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()))
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
        received: site.counters.received,
      }
    },
    { path, range },
  )
}

test('an application of another origin reads a site in its page, and gives it to the next', async () => {
  const first = await openSite()
  expect(await read(first, '/file.bin')).toMatchObject({ status: 200, sha256: sha256(FILE) })
  expect(await read(first, '/')).toMatchObject({ status: 200, type: expect.stringContaining('text/html') })

  await relay.serveContent(false)
  const second = await openSite()
  const whole = await read(second, '/file.bin')
  expect(whole).toMatchObject({ status: 200, sha256: sha256(FILE) })
  expect(whole.received.peers).toBeGreaterThanOrEqual(FILE.byteLength)
  expect(whole.received.http).toBe(0)
  const part = await read(second, '/file.bin', 'bytes=1048570-1048585')
  expect(part).toMatchObject({ status: 206, sha256: sha256(FILE.subarray(1_048_570, 1_048_586)) })
  await expect
    .poll(() => first.evaluate(() => (window as unknown as ApplicationWindow).site.counters.shared))
    .toBeGreaterThanOrEqual(FILE.byteLength)

  await first.evaluate(async () => {
    await (window as unknown as ApplicationWindow).site.close()
  })
  // Stored pieces stay readable without it.
  expect(await read(second, '/file.bin')).toMatchObject({ status: 200, sha256: sha256(FILE) })
  for (const { consoleErrors } of [first, second])
    expect(consoleErrors.filter((text) => !text.includes('503'))).toEqual([])
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
