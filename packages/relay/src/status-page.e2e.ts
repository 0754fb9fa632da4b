import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, publishFolder, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, PublishResult, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'

const BIG = 3_000_000

let relay: RelayProcess
let browser: ChromiumBrowser
let folder: string

test.beforeAll(async () => {
  // Nobody is at that origin, so its zone waits for its proof.
  relay = await startRelay({ args: ['--pull', 'http://localhost:9', '--allow-private'] })
  browser = await launchChromium()
  folder = await mkdtemp(join(tmpdir(), 'blackhole-status-'))
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the status page shows sites, peers and where bytes came from, as they change', async () => {
  const operator = await browser.newVisitor()
  await operator.goto(`${relay.url}/`)
  const { page } = operator
  await expect(page.locator('#state')).toHaveText('ready')
  await expect(page.locator('#sites')).toHaveText('0')
  const zone = page.getByRole('row', { name: /http:\/\/localhost:9/ })
  await expect(zone).toContainText(/waits for its proof: Put {"sites":\["k51.*nothing yet$/)
  await expect(page.locator('#http')).toHaveText('0 B')
  await expect(page.getByText('No site yet')).toBeVisible()

  await writeFile(join(folder, 'index.html'), '<!doctype html><link rel="icon" href="data:,"><h1>Hello</h1>')
  await writeFile(join(folder, 'big.bin'), new Uint8Array(BIG))
  const site: PublishResult = await publishFolder(folder, { relay: relay.url, home: folder })
  await expect(page.locator('#sites')).toHaveText('1')
  await expect(page.locator('#rows a')).toHaveAttribute('href', site.url)

  const visitor = await browser.newVisitor()
  await visitor.goto(site.url)
  await visitor.evaluate(async () => await (await fetch('/big.bin')).arrayBuffer())
  await expect(page.locator('#http')).toHaveText('3.0 MB')
  await expect(page.locator('#peers')).toHaveText('1')
  // What was sent, and who is there, over time: read out at its end, and further back by the arrow keys.
  await page.getByRole('button', { name: 'last day' }).click()
  const sent = page.getByRole('group', { name: /^Content that this relay sent/ })
  await expect(sent).toHaveAccessibleName(/B\/s over HTTP, 0 B\/s to peers/)
  await expect(sent).toContainText('most 10.0 kB/s')
  await expect(page.getByRole('group', { name: /^Visitors/ })).toHaveAccessibleName(/: 1 in swarms, [01] who hold/)
  await expect(page.getByRole('group', { name: /^Copies of pieces among visitors/ })).toHaveAccessibleName(
    /: [01](\.\d)? of the scarcest site, [01](\.\d)? of the middle one/,
  )
  await sent.focus()
  for (let step = 0; step < 5; step++) await page.keyboard.press('ArrowLeft')
  await expect(sent.locator('output')).toHaveText(/^\d+:\d+.*: nothing$/)
  await expect(page.getByRole('group', { name: /^Page load/ })).toBeHidden()
  await relay.serveContent(false)
  await expect(page.locator('#state')).toHaveText('ready, serves no content')
  await visitor.close()
  await expect(page.locator('#peers')).toHaveText('0')
  expect(operator.consoleErrors).toEqual([])

  // A relay that is down is asked less and less often: 2, 4, 8… s after one another, and not every 2 s.
  await page.clock.install()
  await page.reload()
  await expect(page.locator('#state')).toHaveText('ready, serves no content')
  const asked: number[] = []
  page.on('requestfailed', () => asked.push(asked.length))
  await relay.kill()
  await page.clock.runFor(2_000)
  await expect(page.locator('#state')).toHaveText('not answering, trying again…')
  for (let second = 0; second < 60; second++) await page.clock.runFor(1_000)
  expect(asked.length).toBeLessThan(10)
  expect(asked.length).toBeGreaterThanOrEqual(3)
  // The charts go on with the first answer, by themselves.
  const charts = page.waitForRequest(/\/history\?/, { timeout: 10_000 })
  await relay.start()
  await page.clock.runFor(30_000)
  await expect(page.locator('#state')).toHaveText('ready')
  await charts
})
