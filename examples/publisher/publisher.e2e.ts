import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { build, preview } from 'vite'
import type { PreviewServer } from 'vite'

const SITE = join(import.meta.dirname, '../hello-site/site')

let outDir: string
let server: PreviewServer
let relay: RelayProcess
let browser: ChromiumBrowser
let publisher: ChromiumVisitor

test.beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'blackhole-publisher-'))
  const config = {
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  } as const
  await build({ ...config, build: { ...config.build, target: 'es2023', chunkSizeWarningLimit: 2_000 } })
  server = await preview({ ...config, preview: { port: 0, host: '127.0.0.1' } })
  browser = await launchChromium()
})

test.afterAll(async () => {
  await browser.close()
  await server.close()
  await rm(outDir, { recursive: true, force: true })
})

test.beforeEach(async () => {
  relay = await startRelay()
  publisher = await browser.newVisitor()
  const url = server.resolvedUrls?.local[0] ?? ''
  await publisher.goto(`${url}?relay=${encodeURIComponent(relay.url)}`)
})

test.afterEach(async () => {
  await publisher.close()
  await relay.stop()
})

test('publishes a folder from the browser, and its next version with the key that it kept', async () => {
  const { page } = publisher
  await expect(page.getByRole('button', { name: 'Publish' })).toBeDisabled()
  const hint = page.getByText('Choose what to publish first')
  await expect(hint).toBeVisible()
  await page.getByLabel('Choose a folder').setInputFiles(SITE)
  await expect(page.locator('#chosen-title')).toHaveText(/^14 files, \d+ kB$/)
  await expect(hint).toBeHidden()
  await page.getByRole('button', { name: 'Publish' }).click()
  await expect(page.getByRole('heading', { name: 'It is online' })).toBeVisible({ timeout: 30_000 })
  const url = (await page.locator('#result-link').getAttribute('href')) ?? ''
  expect(url).toMatch(/^http:\/\/k51\w+\.localhost:\d+\/$/)
  await expect(page.locator('#result-facts')).toContainText('14 pieces')

  const visitor = await browser.newVisitor()
  expect(await visitor.goto(url)).toBe(200)
  expect(await visitor.evaluate(() => document.title)).toBe('Hello from the visitor before you')

  await page.reload()
  await page.getByLabel('Site', { exact: true }).selectOption({ index: 1 })
  await page
    .getByLabel('Choose files')
    .setInputFiles([{ name: 'index.html', mimeType: 'text/html', buffer: Buffer.from('<title>Second</title>') }])
  await page.getByRole('button', { name: 'Publish' }).click()
  await expect(page.locator('#result-link')).toHaveAttribute('href', url, { timeout: 30_000 })
  await expect(page.locator('#result-facts')).toContainText('Version2')
  // A new site has no record yet: the relay says so with 404.
  expect(publisher.consoleErrors.filter((text) => !text.includes('404'))).toEqual([])
})

test('leaves out what the folder says, as the command does', async () => {
  const { page } = publisher
  const folder = await mkdtemp(join(tmpdir(), 'blackhole-ignore-'))
  for (const [path, content] of Object.entries({
    '.blackholeignore': '*.psd\n/drafts/\n',
    '.well-known/security.txt': 'Contact: mailto:a@example',
    'index.html': '<title>Kept</title>',
    'art.psd': 'left out',
    'drafts/next.html': 'left out',
    'node_modules/x/index.js': 'left out',
  })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  await page.getByLabel('Choose a folder').setInputFiles(folder)
  await expect(page.locator('#chosen-title')).toHaveText(/^2 files, /)
  await rm(folder, { recursive: true })
})

test('takes what is dropped on it: a folder, which becomes the root of the site, or files', async () => {
  const { page } = publisher
  await drop([join(SITE, 'index.html'), join(SITE, 'style.css')])
  await expect(page.locator('#chosen-title')).toHaveText(/^2 files, /)
  await expect(page.locator('#chosen-list')).toContainText('style.css')
  await drop([SITE])
  await expect(page.locator('#chosen-title')).toHaveText(/^14 files, \d+ kB$/)
  await expect(page.locator('#drop')).not.toHaveClass(/over/)
  await page.getByRole('button', { name: 'Publish' }).click()
  await expect(page.getByRole('heading', { name: 'It is online' })).toBeVisible({ timeout: 30_000 })
  const url = (await page.locator('#result-link').getAttribute('href')) ?? ''
  for (const path of ['style.css', 'how/index.html']) {
    expect((await fetch(relayed(url, path))).status, path).toBe(200)
  }
})

/** A path of a site at the relay, whose host name only browsers know to be this machine. */
function relayed(url: string, path: string): string {
  return `${relay.url}/ipns/${new URL(url).hostname.split('.')[0] ?? ''}/${path}`
}

/** Drops files and folders on the page, as a person does with the system's file manager. */
async function drop(files: string[]): Promise<void> {
  const session = await publisher.context.newCDPSession(publisher.page)
  const { x = 0, y = 0, width = 0, height = 0 } = (await publisher.page.locator('#drop').boundingBox()) ?? {}
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', {
      type,
      x: x + width / 2,
      y: y + height / 2,
      data: { items: [], files, dragOperationsMask: 1 },
    })
  }
  await session.detach()
}

test('says why it could not publish, and can try again', async () => {
  const { page } = publisher
  await page
    .getByLabel('Choose files')
    .setInputFiles([{ name: 'index.html', mimeType: 'text/html', buffer: Buffer.from('hello') }])
  await page.getByLabel('Relay', { exact: true }).fill('http://127.0.0.1:9')
  await page.getByRole('button', { name: 'Publish' }).click()
  await expect(page.getByRole('alert')).toHaveText("The relay at http://127.0.0.1:9 can't be reached. Is it running?", {
    timeout: 30_000,
  })
  await page.getByLabel('Relay', { exact: true }).fill(relay.url)
  await page.getByRole('button', { name: 'Publish' }).click()
  await expect(page.getByRole('heading', { name: 'It is online' })).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('alert')).toBeHidden()
})

test('works on a phone and by keyboard', async () => {
  const { page } = publisher
  await page.setViewportSize({ width: 360, height: 740 })
  const width = async (): Promise<number> => await page.evaluate(() => document.documentElement.scrollWidth)
  expect(await width()).toBeLessThanOrEqual(360)
  // A host name of one long word, and on a port that no browser opens.
  await page.getByLabel('Relay', { exact: true }).fill(`http://${'relay'.repeat(12)}.localhost:9`)
  await page
    .getByLabel('Choose files')
    .setInputFiles([{ name: 'index.html', mimeType: 'text/html', buffer: Buffer.from('hello') }])
  await page.getByRole('button', { name: 'Publish' }).click()
  await expect(page.getByRole('alert')).toBeVisible({ timeout: 30_000 })
  expect(await width()).toBeLessThanOrEqual(360)
  await page.reload()
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Choose a folder')).toBeFocused()
})
