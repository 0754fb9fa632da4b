import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { ready, sha256, statusOf } from './page.ts'
import { TestSite, html } from './test-site.ts'

/** Enough for the reader to be busy before, during and after the hand-over. */
const COUNT = 300
const PARTS = Object.fromEntries(
  Array.from({ length: COUNT }, (_, index) => [`part-${index}.bin`, seededBytes(8 * 1024, index + 1)]),
)

let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser

test.beforeEach(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  await site.publish({ 'index.html': html('Home'), ...PARTS })
  browser = await launchChromium()
})

test.afterEach(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

interface Reading {
  /** SHA-256 by path, or why there is none. */
  readonly results: Record<string, string>
  readonly slowestMs: number
  readonly sources: readonly string[]
}

test('two tabs are one peer, and the closing of one is not noticed in the other', { tag: '@alone' }, async () => {
  const other = await browser.newVisitor()
  await other.goto(site.url)
  await ready(other)
  await other.evaluate(async (count: number) => {
    for (let index = 0; index < count; index++) await (await fetch(`/part-${index}.bin`)).arrayBuffer()
  }, COUNT)

  const hostTab = await browser.newVisitor()
  await hostTab.goto(site.url)
  await ready(hostTab)
  const guestTab = await hostTab.newTab()
  await guestTab.goto(site.url)
  await ready(guestTab)
  expect((await statusOf(hostTab)).role).toBe('host')
  expect((await statusOf(guestTab)).role).toBe('guest')
  // The other visitor, and the two tabs as one.
  await expect.poll(async () => (await relay.metrics()).value('blackhole_peers')).toBe(2)
  await expect.poll(async () => (await statusOf(guestTab)).peers).toBeGreaterThan(0)

  // From now on pieces come from the other visitor only, through whichever tab hosts.
  await relay.serveContent(false)
  await guestTab.evaluate((count: number) => {
    const reading = { results: {} as Record<string, string>, slowestMs: 0, sources: [] as string[], hosted: 0 }
    const read = async (): Promise<void> => {
      for (let index = 0; index < count; index++) {
        const began = performance.now()
        try {
          const response = await fetch(`/part-${index}.bin`, { cache: 'no-store' })
          const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer())
          reading.results[`part-${index}.bin`] = Array.from(new Uint8Array(digest), (byte) =>
            byte.toString(16).padStart(2, '0'),
          ).join('')
          reading.sources.push(response.headers.get('x-blackhole-source') ?? 'none')
        } catch (error) {
          reading.results[`part-${index}.bin`] = String(error)
        }
        reading.slowestMs = Math.max(reading.slowestMs, performance.now() - began)
      }
    }
    const api = (
      window as unknown as { blackhole: EventTarget & { status(): Promise<{ role: string; peers: number }> } }
    ).blackhole
    const hosting = new Promise<number>((resolve) => {
      api.addEventListener('statuschange', (event) => {
        if ((event as CustomEvent<{ role: string }>).detail.role === 'host') resolve(Date.now())
      })
    })
    Object.assign(window, { reading, read: read(), hosting })
  }, COUNT)
  await guestTab.waitFor(() => {
    const { reading } = window as unknown as { reading: { sources: string[] } }
    return reading.sources.length > 20
  })
  const closedAt = Date.now()
  await hostTab.close()
  const hostingAt = await guestTab.evaluate(
    async () => await (window as unknown as { hosting: Promise<number> }).hosting,
  )
  const { results, slowestMs, sources } = await guestTab.evaluate(async () => {
    const { reading, read } = window as unknown as { reading: Reading; read: Promise<void> }
    await read
    return reading
  })

  expect(results).toEqual(Object.fromEntries(Object.entries(PARTS).map(([path, bytes]) => [path, sha256(bytes)])))
  expect(sources).toHaveLength(COUNT)
  expect(new Set(sources)).toEqual(new Set(['peers']))
  expect(hostingAt - closedAt).toBeLessThan(2_000)
  test.info().annotations.push({
    type: 'measured',
    description: `hand-over ${hostingAt - closedAt} ms, slowest request ${Math.round(slowestMs)} ms`,
  })
  expect((await statusOf(guestTab)).role).toBe('host')
  await expect.poll(async () => (await relay.metrics()).value('blackhole_peers')).toBe(2)
  expect(guestTab.failedRequests).toEqual([])
})
