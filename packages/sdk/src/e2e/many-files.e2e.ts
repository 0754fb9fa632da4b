import { createHash } from 'node:crypto'
import { launchChromium, seededRandom, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { measured } from './measured.ts'
import { get, open } from './page.ts'
import { PublishedSite } from './published-site.ts'

const FILES = 5_000
const FILE_BYTES = 4_096

/** In one folder: more than a plain directory node holds, so that it becomes a HAMT. */
const IN_ONE_FOLDER = 4_000

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite
const paths: string[] = []

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html')
  for (let number = 0; number < FILES - 1; number++) {
    const path =
      number < IN_ONE_FOLDER ? `files/${String(number)}.txt` : `nested/${String(number % 50)}/${String(number)}.txt`
    paths.push(path)
    await site.add(path, contentOf(path))
  }
  expect(await site.publish()).toMatchObject({ files: FILES })
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test('a visitor opens any path of a site of 5,000 files without fetching the rest', async () => {
  const answer = await fetch(`${relay.url}/ipns/${site.name}/.blackhole/manifest.json`)
  const manifestBytes = (await answer.arrayBuffer()).byteLength
  expect(answer.status).toBe(200)
  const before = (await relay.metrics()).contentBytes
  const visitor = await browser.newVisitor()
  await open(visitor, site.url)

  const random = seededRandom(5)
  const asked = [
    'nested/49/4049.txt',
    ...Array.from({ length: 24 }, () => paths[Math.floor(random() * paths.length)] ?? ''),
  ]
  const times: number[] = []
  for (const path of asked) {
    const got = await get(visitor, `/${path}`)
    expect(got, path).toMatchObject({
      status: 200,
      sha256: createHash('sha256').update(contentOf(path)).digest('hex'),
      source: 'http',
    })
    times.push(got.ms)
  }
  expect(await visitor.goto(`${site.url}files/3999.txt`)).toBe(200)
  expect(await visitor.goto(`${site.url}files/5001.txt`)).toBe(404)

  const after = (await relay.metrics()).contentBytes
  const bytes = after.http + after.p2p - before.http - before.p2p
  times.sort((a, b) => a - b)
  measured(
    `${String(bytes)} content bytes of ${String(FILES * FILE_BYTES)} for ${String(asked.length + 3)} paths, manifest ${String(manifestBytes)}; a path took ${(times[times.length >> 1] ?? NaN).toFixed(0)} ms (median)`,
  )
  // The manifest for worker and for page, each file that was asked for, and pages and nodes beside them.
  expect(bytes).toBeLessThan(2 * manifestBytes + (asked.length + 1) * FILE_BYTES + 256 * 1024)
  expect(bytes).toBeLessThan((FILES * FILE_BYTES) / 4)
  await visitor.context.close()
})

/** Other bytes for each path, so that nothing is fetched once for many. */
function contentOf(path: string): string {
  return `${path}\n`.repeat(Math.ceil(FILE_BYTES / (path.length + 1))).slice(0, FILE_BYTES)
}
