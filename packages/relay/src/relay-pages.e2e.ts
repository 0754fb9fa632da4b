import { launchChromium, OwnedSite, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'

let relay: RelayProcess
let browser: ChromiumBrowser
let site: OwnedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await OwnedSite.create(relay)
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test.beforeEach(async () => {
  await relay.serveContent(true)
})

async function publish(): Promise<void> {
  await site.write('index.html', '<!doctype html><link rel="icon" href="data:,"><h1>Hello</h1>')
  await site.publish()
}

/** Everything that it logs, but for the answer to the navigation itself, which browsers count as a failed resource. */
function complaintsOf(visitor: ChromiumVisitor): string[] {
  return visitor.consoleErrors.filter((text) => !text.startsWith('Failed to load resource'))
}

test('an address of no site says so at once, and asks nobody until it is told to try again', async () => {
  const visitor = await browser.newVisitor()
  const { page } = visitor
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  expect(await visitor.goto(site.url)).toBe(404)
  await expect(page.getByRole('heading')).toHaveText('Nobody here has this site')
  expect(complaintsOf(visitor)).toEqual([])
  await page.getByRole('link', { name: 'Try again' }).click()
  await expect.poll(() => requests.filter((url) => url === site.url)).toHaveLength(2)
  expect(requests.filter((url) => url.startsWith('http') && url !== site.url)).toEqual([])

  await publish()
  await page.getByRole('link', { name: 'Try again' }).click()
  await expect(page.getByRole('heading')).toHaveText('Hello')
  await visitor.close()
})

test('with content off, a page that nobody has says so after a while, goes on trying, and comes when somebody has it', async () => {
  await publish()
  const holder = await browser.newVisitor()
  await holder.goto(site.url)
  await holder.evaluate(async () => {
    await (window as unknown as { blackhole: { ready: Promise<void> } }).blackhole.ready
  })
  // What the first page loaded past the worker is taken over in the background.
  const source = (): Promise<string | null> =>
    holder.evaluate(async () => (await fetch('/', { cache: 'no-store' })).headers.get('x-blackhole-source'))
  await expect.poll(source).toBe('local')
  await relay.serveContent(false)
  const url = holder.page.url()
  await holder.goto('about:blank')

  const visitor = await browser.newVisitor()
  const { page } = visitor
  await visitor.goto(url)
  await expect(page.getByRole('heading')).toHaveText('Still looking for this page', { timeout: 30_000 })
  await expect(page.getByRole('link', { name: 'Try again' })).toBeVisible()
  await holder.goto(url)
  await expect(page.getByRole('heading')).toHaveText('Hello', { timeout: 60_000 })
  await holder.close()
  await visitor.close()
})

test('what is wrong with an address is said to people in their words, without an error of the page itself', async () => {
  const visitor = await browser.newVisitor()
  const { page } = visitor
  const pages = [
    [`${relay.url}/nothing`, 404, 'Nothing here', /^There is nothing at this address\.$/],
    [`${relay.url}/ipns/xyz`, 400, 'This address is not right', /^The name of the site in it is not complete/],
    [`${relay.url}/ipfs/xyz`, 400, 'This address is not right', /^The part that says which content is meant/],
    [
      `http://nosite.localhost:${String(relay.port)}/`,
      421,
      'No site here',
      /^The address nosite\.localhost leads to this relay/,
    ],
  ] as const
  for (const [url, status, title, message] of pages) {
    expect(await visitor.goto(url)).toBe(status)
    await expect(page.getByRole('heading')).toHaveText(title)
    await expect(page.locator('#message')).toHaveText(message)
    expect(await page.getByRole('link').count()).toBeGreaterThan(0)
  }
  await page.getByRole('link', { name: 'About this relay' }).click()
  await expect(page).toHaveTitle('Blackhole relay')
  expect(complaintsOf(visitor)).toEqual([])
  await visitor.close()
})
