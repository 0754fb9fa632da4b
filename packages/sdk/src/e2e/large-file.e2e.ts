import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium, openChromiumProfile, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { measured } from './measured.ts'
import { get, open, sourceOf, statusOf } from './page.ts'
import { memoryOf, processesOf, resetPeak, type BrowserProcess } from './process-memory.ts'
import { PublishedSite } from './published-site.ts'
import { abortReading, beginReading, digestsOf, readOn } from './slow-reader.ts'

const MIB = 1024 * 1024
const LARGE = seededBytes(200_000_000, 200)

/** Growth of any process of the reader's browser while the file streams through, garbage that is not collected yet included. */
const MAX_GROWTH_BYTES = 160 * MIB

/** What the second 100 MB may add to what the first took: memory that grew with the file would add about as many. */
const MAX_FURTHER_BYTES = 48 * MIB

/** A seek to where nothing is yet, on a loaded machine. */
const MAX_SEEK_MS = 10_000

/** What may still come after the reader has gone: what was fetched ahead of it, and what was on its way. */
const MAX_AHEAD_BYTES = 24 * MIB

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite
let profiles: string
let holder: ChromiumVisitor

test.beforeAll(async () => {
  test.setTimeout(180_000)
  relay = await startRelay()
  browser = await launchChromium()
  profiles = await mkdtemp(join(tmpdir(), 'blackhole-profiles-'))
  site = await PublishedSite.create(relay)
  await site.addPage('index.html', { 'upload-limit': '1G' })
  await site.addPage('relay-only.html', { 'relay-only': '' })
  await site.add('large.bin', LARGE)
  await site.publish()
  // In a profile on disk, as people's are: a fresh context of Playwright's keeps all it stores in memory.
  holder = await openChromiumProfile(join(profiles, 'holder'))
  await open(holder, site.url)
  await beginReading(holder, '/large.bin')
  expect(await readOn(holder)).toMatchObject({ bytes: LARGE.byteLength, done: true })
  // Who has read a file holds it, however fast it came: what follows has nobody else to ask.
  await expect.poll(() => sourceOf(holder, '/large.bin')).toBe('local')
})

test.afterAll(async () => {
  await holder.context.close()
  await browser.close()
  await relay.stop()
  await site.remove()
  await rm(profiles, { recursive: true, force: true })
})

test.beforeEach(async () => {
  await relay.serveContent(true)
})

test(
  '200 MB stream through the worker with memory bounded, and a seek gets its bytes before the rest is there',
  { tag: '@alone' },
  async () => {
    test.setTimeout(180_000)
    const profile = join(profiles, 'reader')
    const reader = await openChromiumProfile(profile)
    await open(reader, site.url)
    const complaints: string[] = []
    for (const worker of reader.context.serviceWorkers())
      worker.on('console', (message) => complaints.push(message.text()))
    await expect.poll(async () => (await statusOf(reader)).peers).toBe(1)
    await relay.serveContent(false)
    const contentBefore = (await relay.metrics()).contentBytes

    const processes = await processesOf(profile)
    expect(processes.filter(({ type }) => type === 'renderer').length).toBeGreaterThan(0)
    const before = new Map<number, number>()
    for (const { pid } of processes) {
      await resetPeak(pid)
      before.set(pid, (await memoryOf(pid)).now)
    }

    const began = performance.now()
    await beginReading(reader, '/large.bin')
    await readOn(reader, 8 * MIB)
    const seeks: number[] = []
    for (const [start, end] of [
      [150_000_000, 150_065_536],
      [LARGE.byteLength - 1_000, LARGE.byteLength],
      [99_999_999, 102_400_001],
    ] as const) {
      const got = await get(reader, '/large.bin', `bytes=${String(start)}-${String(end - 1)}`)
      expect(got).toMatchObject({ status: 206, bytes: end - start, sha256: sha256(LARGE.subarray(start, end)) })
      expect(got.ms).toBeLessThan(MAX_SEEK_MS)
      seeks.push(got.ms)
    }
    // Most of the file is not there yet.
    expect((await statusOf(reader)).received.peers).toBeLessThan(LARGE.byteLength / 2)
    await readOn(reader, LARGE.byteLength / 2)
    const half = await growthOf(processes, before)
    const { bytes, digests, done } = await readOn(reader).catch((error: unknown) => {
      // The page is told "network error" only; the worker says why.
      throw new Error(`The worker said: ${complaints.join('\n') || 'nothing'}`, { cause: error })
    })
    const seconds = (performance.now() - began) / 1000
    expect({ bytes, done }).toEqual({ bytes: LARGE.byteLength, done: true })
    expect(digests).toEqual(digestsOf(LARGE))
    expect((await relay.metrics()).contentBytes).toEqual(contentBefore)

    const growth = await growthOf(processes, before)
    measured(
      `200 MB in ${seconds.toFixed(1)} s; seeks ${seeks.map((ms) => ms.toFixed(0)).join(', ')} ms; peak growth in MiB: ${(half[0]?.mib ?? NaN).toFixed(0)} at half, then ${growth.map(({ type, mib }) => `${type} ${mib.toFixed(0)}`).join(', ')}`,
    )
    for (const { pid, type, mib } of growth) {
      expect(mib * MIB, type).toBeLessThan(MAX_GROWTH_BYTES)
      const halfMib = half.find((process) => process.pid === pid)?.mib ?? 0
      expect((mib - halfMib) * MIB, type).toBeLessThan(MAX_FURTHER_BYTES)
    }
    await reader.context.close()
  },
)

test('a video player finds its place in a file that is not there yet', { tag: '@alone' }, async () => {
  const viewer = await browser.newVisitor()
  await open(viewer, site.url)
  await expect.poll(async () => (await statusOf(viewer)).peers).toBe(1)
  await relay.serveContent(false)
  // What a media element does: asks from here to the end, then gives up, and asks from there.
  await beginReading(viewer, '/large.bin')
  await readOn(viewer, 2 * MIB)
  await abortReading(viewer)
  for (const start of [180_000_000, 60_000_000]) {
    const seek = await viewer.evaluate(async (start: number) => {
      const controller = new AbortController()
      const began = performance.now()
      const response = await fetch('/large.bin', {
        cache: 'no-store',
        headers: { range: `bytes=${String(start)}-` },
        signal: controller.signal,
      })
      const first = (await response.body?.getReader().read())?.value ?? new Uint8Array()
      const ms = performance.now() - began
      controller.abort()
      return {
        status: response.status,
        range: response.headers.get('content-range'),
        first: [...first.subarray(0, 1_000)],
        ms,
      }
    }, start)
    expect(seek).toMatchObject({
      status: 206,
      range: `bytes ${String(start)}-${String(LARGE.byteLength - 1)}/${String(LARGE.byteLength)}`,
      first: [...LARGE.subarray(start, start + 1_000)],
    })
    expect(seek.ms).toBeLessThan(MAX_SEEK_MS)
  }
  await viewer.context.close()
})

test('a request that is aborted stops the transfer from other visitors', { tag: '@alone' }, async () => {
  const reader = await browser.newVisitor()
  await open(reader, site.url)
  await expect.poll(async () => (await statusOf(reader)).peers).toBe(1)
  await relay.serveContent(false)
  await settled(async () => (await statusOf(holder)).shared)
  const before = (await statusOf(holder)).shared
  await beginReading(reader, '/large.bin')
  const { bytes } = await readOn(reader, 8 * MIB)
  await abortReading(reader)
  const after = await settled(async () => (await statusOf(holder)).shared)
  expect(after - before).toBeGreaterThanOrEqual(8 * MIB)
  measured(`read ${String(bytes)}, sent by the visitor ${String(after - before)}`)
  expect(after - before - bytes).toBeLessThan(MAX_AHEAD_BYTES)
  await reader.context.close()
})

test('a request that is aborted stops the transfer from the relay', { tag: '@alone' }, async () => {
  const reader = await browser.newVisitor()
  await open(reader, `${site.url}relay-only.html`)
  const sent = async (): Promise<number> => {
    const { http, p2p } = (await relay.metrics()).contentBytes
    return http + p2p
  }
  const before = await settled(sent)
  await beginReading(reader, '/large.bin')
  const { bytes } = await readOn(reader, 8 * MIB)
  await abortReading(reader)
  const after = await settled(sent)
  expect(after - before).toBeGreaterThanOrEqual(8 * MIB)
  measured(`read ${String(bytes)}, sent by the relay ${String(after - before)}`)
  expect(after - before - bytes).toBeLessThan(MAX_AHEAD_BYTES)
  await reader.context.close()
})

/** Waits until a counter says the same for two seconds. */
async function settled(read: () => Promise<number>): Promise<number> {
  let last = await read()
  let same = 0
  await expect
    .poll(
      async () => {
        const now = await read()
        same = now === last ? same + 1 : 0
        last = now
        return same
      },
      { intervals: [200], timeout: 30_000 },
    )
    .toBeGreaterThanOrEqual(10)
  return last
}

async function growthOf(
  processes: readonly BrowserProcess[],
  before: ReadonlyMap<number, number>,
): Promise<{ pid: number; type: string; mib: number }[]> {
  const measured = processes.map(async ({ pid, type }) => {
    const memory = await memoryOf(pid).catch(() => undefined)
    return memory === undefined ? [] : [{ pid, type, mib: (memory.peak - (before.get(pid) ?? 0)) / MIB }]
  })
  return (await Promise.all(measured)).flat().sort((a, b) => b.mib - a.mib)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
