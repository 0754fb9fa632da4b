import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { launchChromium, launchFirefox, publishFolder, startRelay } from '@blackhole/testkit'
import type { BrowserName, PublishResult, RelayProcess, TestBrowser, Visitor } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'

const SITE = join(import.meta.dirname, 'site')

/** What the front page shows, as paths in the site. */
const PICTURES = ['images/horizon.jpg', 'images/tide.jpg', 'images/edge.jpg']

/** Part of `window.blackhole`. */
interface PageApi {
  readonly ready: Promise<unknown>
  status(): Promise<Status>
}

interface Status {
  readonly role: string
  readonly peers: number
  readonly received: { readonly local: number; readonly peers: number; readonly http: number }
  readonly shared: number
}

/** What a visitor got for a path. */
interface Got {
  readonly path: string
  readonly status: number
  readonly sha256: string
  readonly source: string | null
  readonly etag: string | null
}

let relay: RelayProcess
let home: string
let site: PublishResult
let files: Map<string, Buffer>

test.beforeEach(async () => {
  relay = await startRelay()
  home = await mkdtemp(join(tmpdir(), 'blackhole-home-'))
  site = await publishFolder(SITE, { relay: relay.url, home })
  files = await readFiles(SITE)
})

test.afterEach(async () => {
  await relay.stop()
  await rm(home, { recursive: true, force: true })
})

const launch: Record<BrowserName, () => Promise<TestBrowser>> = { chromium: launchChromium, firefox: launchFirefox }

const STORIES = [
  ['chromium', 'chromium'],
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
] as const

for (const [first, second] of STORIES) {
  const tag = first === 'firefox' || second === 'firefox' ? '@firefox' : '@chromium'
  test(
    `a visitor in ${second} gets the whole site from one in ${first}, and nothing from the relay`,
    { tag },
    async () => {
      const browsers = await Promise.all([launch[first](), ...(first === second ? [] : [launch[second]()])])
      try {
        const [browserA, browserB = browserA] = browsers as [TestBrowser, TestBrowser?]
        const visitorA = await browserA.newVisitor()
        expect(await visitorA.goto(site.url)).toBe(200)
        expectSameBytes(await readAll(visitorA))

        await relay.serveContent(false)
        const before = (await relay.metrics()).contentBytes
        const visitorB = await browserB.newVisitor()
        await visitorB.goto(site.url)
        await visitorB.waitFor(() => document.querySelector('h1')?.textContent.startsWith('Hello from'), {
          timeoutMs: 30_000,
        })
        const got = await readAll(visitorB)
        expectSameBytes(got)
        for (const { path, source } of got) expect(['peers', 'local'], path).toContain(source)

        expect((await relay.metrics()).contentBytes).toEqual(before)
        await expect.poll(async () => (await statusOf(visitorB)).received.peers).toBeGreaterThan(site.bytes * 0.95)
        await expect.poll(async () => (await statusOf(visitorA)).shared).toBeGreaterThan(site.bytes * 0.95)
        const statusB = await statusOf(visitorB)
        expect(statusB.received.http).toBe(0)
        expect(statusB.peers).toBeGreaterThanOrEqual(1)

        await visitorB.waitFor(() =>
          [...document.images].every((image) => image.loading === 'lazy' || image.naturalWidth > 0),
        )
        expect(visitorA.consoleErrors).toEqual([])
        expect(visitorA.failedRequests).toEqual([])
        // That the relay refuses content is what this test is about.
        expect(visitorB.consoleErrors.filter((text) => !text.includes('503'))).toEqual([])
        expect(visitorB.failedRequests.filter((text) => !text.endsWith(' : 503'))).toEqual([])
      } finally {
        await Promise.all(browsers.map(async (browser) => await browser.close()))
      }
    },
  )
}

test(
  'with a relay that serves content, the second visitor gets the pictures from the first',
  { tag: '@chromium' },
  async () => {
    const mostOf = bytesOf(PICTURES) / 2
    const browser = await launchChromium()
    try {
      for (const viewport of [
        { width: 1280, height: 800 },
        { width: 375, height: 740 },
      ]) {
        const first = await browser.newVisitor()
        const second = await browser.newVisitor()
        for (const visitor of [first, second]) {
          const before = (await relay.metrics()).contentBytes.http
          await visitor.page.setViewportSize(viewport)
          await visitor.page.addInitScript(watchPlaces)
          await visitor.goto(site.url)
          await visitor.page.waitForFunction(() => document.images.length === 3, undefined, { timeout: 30_000 })
          await visitor.page.mouse.wheel(0, 10_000)
          await visitor.page.waitForFunction(() => [...document.images].every((image) => image.naturalWidth > 0))
          // Nothing was asked for at first, and nothing moved when it came.
          const { imagesAtLoad, placesAtLoad, places } = await visitor.evaluate(placesOfPictures)
          expect(imagesAtLoad).toBe(0)
          expect(places).toEqual(placesAtLoad)
          await visitor.page.waitForFunction(() =>
            [...document.querySelectorAll('[data-from]')].every(({ textContent }) =>
              textContent.startsWith('Picture '),
            ),
          )
          if (visitor === second) {
            await expect.poll(async () => (await statusOf(second)).received.peers).toBeGreaterThan(mostOf)
            await expect.poll(async () => (await statusOf(first)).shared).toBeGreaterThan(mostOf)
            expect((await relay.metrics()).contentBytes.http - before).toBeLessThan(mostOf)
            await expect(second.page.locator('.hero .from')).toHaveText('Picture from another visitor')
            await expect(second.page.locator('dd[data-bytes="peers"]')).toHaveText(/^\d{3} kB$/)
          } else {
            await expect(first.page.locator('.hero .from')).toHaveText('Picture from the relay')
            // Those who come in the same second can't know of each other yet.
            await expect.poll(async () => (await relay.metrics()).value('blackhole_holders')).toBe(1)
          }
        }
        for (const { consoleErrors, failedRequests } of [first, second]) {
          expect([...consoleErrors, ...failedRequests]).toEqual([])
        }
        await Promise.all([first.close(), second.close()])
        await expect.poll(async () => (await relay.metrics()).value('blackhole_peers')).toBe(0)
      }
    } finally {
      await browser.close()
    }
  },
)

test('the page shows where its copy came from', { tag: '@chromium' }, async () => {
  const browser = await launchChromium()
  try {
    const visitor = await browser.newVisitor()
    await visitor.goto(site.url)
    await visitor.waitFor(() => document.querySelector('[data-state]')?.textContent.includes('Nobody else is here'))
    expect(await visitor.goto(`${site.url}how/`)).toBe(200)
    expect(await visitor.goto(`${site.url}how.html`)).toBe(200)
    expect(await visitor.evaluate(() => location.pathname)).toBe('/how/')
    expect(visitor.consoleErrors).toEqual([])
    expect(await visitor.goto(`${site.url}nothing-here`)).toBe(404)
    expect(await visitor.evaluate(() => document.title)).toBe('Beyond the horizon')
  } finally {
    await browser.close()
  }
})

/** What {@link watchPlaces} keeps for later. */
interface WatchedWindow extends Window {
  imagesAtLoad: number
  placesAtLoad: number[][]
  places(): number[][]
}

/** Runs before the page: notes where the pictures will be. */
function watchPlaces(): void {
  const watched = window as unknown as WatchedWindow
  watched.places = () =>
    [...document.querySelectorAll('.picture')].map((box) => {
      const { x, y, width, height } = box.getBoundingClientRect()
      return [x + scrollX, y + scrollY, width, height]
    })
  addEventListener('load', () => {
    watched.imagesAtLoad = document.images.length
    watched.placesAtLoad = watched.places()
  })
}

/** Where the pictures are now, and where they were to be. */
function placesOfPictures(): Pick<WatchedWindow, 'imagesAtLoad' | 'placesAtLoad'> & { places: number[][] } {
  const watched = window as unknown as WatchedWindow
  const { imagesAtLoad, placesAtLoad } = watched
  return { imagesAtLoad, placesAtLoad, places: watched.places() }
}

function bytesOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + (files.get(path)?.length ?? 0), 0)
}

async function readFiles(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(paths.map(async (path) => [relative(folder, path), await readFile(path)] as const)))
}

/** Reads every file of the site through the worker. */
async function readAll(visitor: Visitor): Promise<Got[]> {
  // The tag's script may run after the page's text is there.
  await visitor.waitFor(() => 'blackhole' in window)
  return await visitor.evaluate(
    async (paths: readonly string[]) => {
      await (window as unknown as { blackhole: PageApi }).blackhole.ready
      return await Promise.all(
        paths.map(async (path) => {
          const response = await fetch(`/${path}`)
          const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer())
          return {
            path,
            status: response.status,
            sha256: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(''),
            source: response.headers.get('x-blackhole-source'),
            etag: response.headers.get('etag'),
          }
        }),
      )
    },
    [...files.keys()],
  )
}

function expectSameBytes(got: readonly Got[]): void {
  expect(got.map(({ path, status, sha256 }) => ({ path, status, sha256 }))).toEqual(
    [...files].map(([path, bytes]) => ({
      path,
      status: 200,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })),
  )
  for (const { path, etag } of got) expect(etag, path).toMatch(/^"bafkrei[a-z2-7]+"$/)
}

async function statusOf(visitor: Visitor): Promise<Status> {
  return await visitor.evaluate(async () => await (window as unknown as { blackhole: PageApi }).blackhole.status())
}
