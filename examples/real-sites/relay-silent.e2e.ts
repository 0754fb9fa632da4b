import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, launchFirefox, startRelay } from '@blackhole/testkit'
import type { BrowserName, PublishResult, RelayProcess, TestBrowser, Visitor } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { HOLDER_PAGE, publishWithHolder } from './publish-with-holder.ts'
import { ADMIN_LTE, BOILERPLATE, SB_ADMIN, readDisk, type DiskFile, type RealSite } from './real-site.ts'
import { expectAsOnDisk, expectNoComplaints, readThroughPage, ready, statusOf } from './read-site.ts'

const launch: Record<BrowserName, () => Promise<TestBrowser>> = { chromium: launchChromium, firefox: launchFirefox }

// Minutes only where the machine has much else to do.
test.setTimeout(300_000)

let relay: RelayProcess
let home: string
const browsers = new Map<BrowserName, TestBrowser>()

test.beforeAll(async () => {
  relay = await startRelay()
  home = await mkdtemp(join(tmpdir(), 'blackhole-home-'))
})

test.afterAll(async () => {
  await Promise.all([...browsers.values()].map((browser) => browser.close()))
  browsers.clear()
  await relay.stop()
  await rm(home, { recursive: true, force: true })
})

async function visitorIn(name: BrowserName): Promise<Visitor> {
  const browser = browsers.get(name) ?? (await launch[name]())
  browsers.set(name, browser)
  return await browser.newVisitor()
}

const STORIES = [
  { first: 'chromium', second: 'chromium', real: ADMIN_LTE },
  { first: 'chromium', second: 'firefox', real: BOILERPLATE },
  { first: 'chromium', second: 'firefox', real: SB_ADMIN },
  { first: 'firefox', second: 'chromium', real: SB_ADMIN },
] as const satisfies readonly { first: BrowserName; second: BrowserName; real: RealSite }[]

for (const { first, second, real } of STORIES) {
  const tag = [first, second].includes('firefox') ? '@firefox' : '@chromium'
  test(`${real.name}: ${second} gets every byte from ${first}, none from the relay`, { tag }, async () => {
    const files = await readDisk(real.folder)
    await relay.serveContent(true)
    const site = await publishWithHolder(real, relay.url, home)
    const holder = await visitHolding(first, site, files)
    try {
      await relay.serveContent(false)
      const before = (await relay.metrics()).contentBytes

      // The relay's answer is a page without content, which the visitor's browser replaces by the site's own.
      const reader = await visitorIn(second)
      await reader.goto(site.url)
      await reader.waitFor(() => !document.querySelector('#message') && document.readyState === 'complete', {
        timeoutMs: 30_000,
      })
      await ready(reader)
      const got = await readThroughPage(
        reader,
        files.map(({ path }) => path),
      )
      expectAsOnDisk(got, files)
      expect(
        [...new Set(got.map(({ source }) => source))].filter((source) => source !== 'local' && source !== 'peers'),
      ).toEqual([])

      const isCounted = async (): Promise<number> => (await statusOf(reader)).received.peers
      await expect.poll(isCounted).toBeGreaterThanOrEqual(uniqueBytes(files))
      expect((await statusOf(reader)).received.http).toBe(0)
      await expect.poll(async () => (await statusOf(holder)).shared).toBeGreaterThanOrEqual(uniqueBytes(files))
      expect((await relay.metrics()).contentBytes).toEqual(before)

      // The other pages open as they do with the relay.
      for (const page of real.pages) {
        expect(await reader.goto(site.url + page), page).toBe(200)
        expect(await reader.evaluate(() => document.querySelector('#message'))).toBeNull()
      }
      expect((await relay.metrics()).contentBytes).toEqual(before)
      expectNoComplaints(holder)
      expectNoComplaints(reader)
      await reader.close()
    } finally {
      await holder.close()
    }
  })
}

/** Somebody who opened the page for holders and then read every file. */
async function visitHolding(browser: BrowserName, site: PublishResult, files: readonly DiskFile[]): Promise<Visitor> {
  const visitor = await visitorIn(browser)
  expect(await visitor.goto(site.url + HOLDER_PAGE)).toBe(200)
  await ready(visitor)
  expectAsOnDisk(
    await readThroughPage(
      visitor,
      files.map(({ path }) => path),
    ),
    files,
  )
  return visitor
}

/** Files with the same content are one piece, which is fetched once. */
function uniqueBytes(files: readonly DiskFile[]): number {
  return [...new Map(files.map(({ sha256, bytes }) => [sha256, bytes])).values()].reduce((sum, bytes) => sum + bytes, 0)
}
