import { launchChromium, launchFirefox, startRelay } from '@blackhole/testkit'
import type { RelayProcess, Visitor } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready } from './page.ts'
import { TestSite, html } from './test-site.ts'

/** Each version's page says which it is, and so does what it loads. */
const files = (version: number): Record<string, string> => ({
  'index.html': html(`Version ${String(version)}`, '<script src="/app.js"></script>'),
  'other.html': html('Other'),
  'app.js': `globalThis.version = ${String(version)}\n`,
})

let relay: RelayProcess
let site: TestSite

test.beforeEach(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  await site.publish(files(1))
})

test.afterEach(async () => {
  await relay.stop()
  await site.remove()
})

/** The page that a visitor sees: its title, what its script said, and where it came from. */
async function seen(visitor: Visitor): Promise<unknown> {
  await visitor.waitFor(() => 'version' in globalThis)
  return await visitor.evaluate(() => {
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
    const source = entry?.serverTiming.find(({ name }) => name === 'blackhole')?.description
    return { title: document.title, version: (globalThis as { version?: unknown }).version, source }
  })
}

const version = (number: number, source: string | undefined): unknown => ({
  title: `Version ${String(number)}`,
  version: number,
  source,
})

/** Comes twice, so that the page is ready, and closes it. */
async function comeTwice(visitor: Visitor): Promise<void> {
  await visitor.goto(site.url)
  await ready(visitor)
  await visitor.goto(site.url)
  await ready(visitor)
  // Another page of the site sees what was kept.
  await visitor.goto(`${site.url}other.html`)
  await expect.poll(() => keptReady(visitor)).toContain('answer:/')
  await visitor.goto('about:blank')
}

async function keptReady(visitor: Visitor): Promise<readonly string[]> {
  return await visitor.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('blackhole-state')
        opening.onerror = () => {
          reject(opening.error ?? new Error('IndexedDB failed'))
        }
        opening.onsuccess = () => {
          const keys = opening.result.transaction('values').objectStore('values').getAllKeys()
          keys.onsuccess = () => {
            opening.result.close()
            resolve(keys.result.map(String))
          }
        }
      }),
  )
}

test('a worker that was stopped answers with the page that it kept ready, unless something newer was published', async () => {
  const browser = await launchChromium()
  try {
    const visitor = await browser.newVisitor()
    await comeTwice(visitor)

    await visitor.stopServiceWorkers()
    await visitor.goto(site.url)
    expect(await seen(visitor)).toEqual(version(1, 'local'))
    // The page is bound to its version, whatever comes.
    await site.publish(files(2))
    expect((await get(visitor, '/app.js')).text).toBe(files(1)['app.js'])
    await visitor.goto('about:blank')

    for (const [number, what] of [
      [2, 'an update that came while no page was open'],
      [3, 'another one'],
    ] as const) {
      await test.step(what, async () => {
        if (number > 2) await site.publish(files(number))
        await visitor.stopServiceWorkers()
        await visitor.goto(site.url)
        expect(await seen(visitor)).toMatchObject({ title: `Version ${String(number)}`, version: number })
        await visitor.goto('about:blank')
      })
    }

    await relay.kill()
    await visitor.stopServiceWorkers()
    await visitor.goto(site.url)
    expect(await seen(visitor), 'with the relay gone').toEqual(version(3, 'local'))
    await relay.start()
    await leaves(visitor)
    await visitor.stopServiceWorkers()
    await visitor.goto(site.url)
    expect(await seen(visitor), 'a visitor who has left').toMatchObject({ version: 3, source: undefined })
    expect(visitor.consoleErrors.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([])
  } finally {
    await browser.close()
  }
})

/** Goes past the worker, once and for good: what the browser asked for at the worker's start is not the document. */
async function leaves(visitor: Visitor): Promise<void> {
  await visitor.goto(`${site.url}?blackhole=network`)
  expect(await seen(visitor)).toMatchObject({ version: 3 })
  await ready(visitor)
  await visitor.evaluate(() => (window as unknown as { blackhole: { optOut(): Promise<void> } }).blackhole.optOut())
  await visitor.goto(site.url)
  expect(await seen(visitor)).toMatchObject({ version: 3, source: undefined })
}

test('in Firefox too', { tag: '@firefox' }, async () => {
  // Which ends a worker by its own clock only: this one goes on running.
  const browser = await launchFirefox()
  try {
    const visitor = await browser.newVisitor()
    await comeTwice(visitor)
    await visitor.goto(site.url)
    expect(await seen(visitor)).toEqual(version(1, 'local'))
    await visitor.goto('about:blank')
    await site.publish(files(3))
    await visitor.goto(site.url)
    expect(await seen(visitor)).toMatchObject({ title: 'Version 3', version: 3 })
    await leaves(visitor)
  } finally {
    await browser.close()
  }
})
