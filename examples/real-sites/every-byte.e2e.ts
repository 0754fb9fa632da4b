import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, publishFolder, startRelay, type ChromiumBrowser, type RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { ADMIN_LTE, BOILERPLATE, SB_ADMIN, readDisk } from './real-site.ts'
import { expectAsOnDisk, expectNoComplaints, readThroughPage, ready } from './read-site.ts'

// Minutes only where the machine has much else to do.
test.setTimeout(300_000)

let relay: RelayProcess
let browser: ChromiumBrowser
let home: string

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  home = await mkdtemp(join(tmpdir(), 'blackhole-home-'))
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await rm(home, { recursive: true, force: true })
})

for (const { name, folder, pages } of [BOILERPLATE, SB_ADMIN, ADMIN_LTE]) {
  test(`${name}: pages load without complaint, and every file is what is on disk`, async () => {
    const files = await readDisk(folder)
    const site = await publishFolder(folder, { relay: relay.url, home })
    expect(site.files).toBe(files.length)
    expect(site.bytes).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0))

    const visitor = await browser.newVisitor()
    for (const page of pages) expect(await visitor.goto(site.url + page), page).toBe(200)
    await ready(visitor)
    expectAsOnDisk(
      await readThroughPage(
        visitor,
        files.map(({ path }) => path),
      ),
      files,
    )
    // Once more with everything stored, as pages whose worker has the site.
    for (const page of pages) expect(await visitor.goto(site.url + page), page).toBe(200)
    expectNoComplaints(visitor)
    await visitor.close()
  })
}

test('html5-boilerplate: a file of no bytes is one, and what is missing is the 404 page', async () => {
  const site = await publishFolder(BOILERPLATE.folder, { relay: relay.url, home })
  const disk = new Map((await readDisk(BOILERPLATE.folder)).map((file) => [file.path, file]))
  const visitor = await browser.newVisitor()

  // From the relay, before there is a worker, and then through the worker.
  for (const through of ['relay', 'worker']) {
    expect(await visitor.goto(`${site.url}no/such/page`), through).toBe(404)
    expect(await visitor.evaluate(() => document.title), through).toBe('Page Not Found')
    await ready(visitor)
  }
  const [empty, missing] = await readThroughPage(visitor, ['js/app.js', 'no/such/file.js'])
  expect(empty).toMatchObject({ status: 200, bytes: 0, sha256: disk.get('js/app.js')?.sha256 })
  expect(missing).toMatchObject({ status: 404, sha256: disk.get('404.html')?.sha256 })
  expect(missing?.source).not.toBeNull()
  await visitor.close()
})
