import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, open, statusOf } from './page.ts'
import { PublishedSite } from './published-site.ts'

const FILE_BYTES = 3_000_000

let near: RelayProcess
let far: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  near = await startRelay({ args: ['--federate'] })
  far = await startRelay({ args: ['--fellow', near.url] })
  browser = await launchChromium()
  site = await PublishedSite.create(near)
  await site.addPage('index.html')
  await site.add(
    'file.bin',
    new Uint8Array(FILE_BYTES).map((_, at) => at % 251),
  )
  await site.publish()
  for (const relay of [near, far])
    await expect.poll(async () => (await relay.metrics()).value('blackhole_federation_fellows')).toBe(1)
})

test.afterAll(async () => {
  await browser.close()
  await Promise.all([near.stop(), far.stop()])
  await site.remove()
})

test('visitors of two relays are one swarm; one relay is killed, and a publish at the other reaches both', async () => {
  const first = await browser.newVisitor()
  await open(first, `${near.siteUrl(site.name)}index.html`)
  const whole = await get(first, '/file.bin')
  await expect.poll(async () => (await near.metrics()).value('blackhole_holders')).toBe(1)

  // The far relay was not given the site: it fetches it when the second visitor comes.
  const second = await browser.newVisitor()
  await open(second, `${far.siteUrl(site.name)}index.html`)
  await expect.poll(async () => (await statusOf(second)).peers).toBe(1)
  await Promise.all([near, far].map((relay) => relay.serveContent(false)))
  const got = await get(second, '/file.bin')
  expect(got).toMatchObject({ status: 200, bytes: FILE_BYTES, sha256: whole.sha256, source: 'peers' })
  expect((await statusOf(first)).shared).toBeGreaterThanOrEqual(FILE_BYTES)

  await near.kill()
  await far.serveContent(true)
  expect(await get(first, '/file.bin')).toMatchObject({ status: 200, sha256: whole.sha256 })
  await site.add('news.txt', 'second version')
  await site.publish(far)
  for (const visitor of [first, second])
    await expect.poll(() => reads(visitor, '/news.txt'), { timeout: 30_000 }).toBe('second version')

  // Opened anew while its only relay is down, the page turns to those whom that relay named before.
  await first.page.reload()
  await site.add('later.txt', 'third version')
  await site.publish(far)
  await expect.poll(() => reads(first, '/later.txt'), { timeout: 30_000 }).toBe('third version')
  await expect.poll(async () => (await statusOf(first)).peers).toBe(1)
})

/** Reads a text as a visitor of the newest version: the open page keeps its own, a frame in it is a new document. */
async function reads(visitor: ChromiumVisitor, path: string): Promise<string | undefined> {
  return await visitor.evaluate(async (path: string) => {
    const frame = document.createElement('iframe')
    frame.src = path
    const loaded = new Promise((resolve) => {
      frame.addEventListener('load', resolve)
    })
    document.body.append(frame)
    await loaded
    const text = frame.contentDocument?.body.textContent
    frame.remove()
    return text
  }, path)
}
