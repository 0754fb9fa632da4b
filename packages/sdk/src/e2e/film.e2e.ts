import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, open, sourceOf, statusOf } from './page.ts'
import { PublishedSite } from './published-site.ts'

const SEGMENTS = 6
const SEGMENT_BYTES = 400_000

/** Begins at once, before there is a worker. */
const PLAYER = `<script type="module">
for (const file of ['list.m3u8', 's0.ts', 's1.ts']) await (await fetch('/show/' + file)).arrayBuffer()
</script>`

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  await site.addPage('index.html', { 'upload-limit': '16M' })
  await site.addPage('show.html', { 'upload-limit': '16M' }, PLAYER)
  await site.add('film/list.m3u8', playlist(SEGMENTS, { ended: true }))
  await site.add('live/list.m3u8', playlist(2, { ended: false }))
  await site.add('show/list.m3u8', playlist(2, { ended: false, seconds: 30 }))
  for (let at = 0; at < SEGMENTS; at += 1) await site.add(segment('film', at), seededBytes(SEGMENT_BYTES, at))
  for (let at = 0; at < 2; at += 1) {
    await site.add(segment('live', at), seededBytes(SEGMENT_BYTES, 100 + at))
    await site.add(segment('show', at), seededBytes(SEGMENT_BYTES, 200 + at))
  }
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

function playlist(segments: number, { ended, seconds = 4 }: { ended: boolean; seconds?: number }): string {
  const lines = Array.from({ length: segments }, (_, at) => `#EXTINF:${String(seconds)},\ns${String(at)}.ts`)
  return [
    '#EXTM3U',
    `#EXT-X-TARGETDURATION:${String(seconds)}`,
    ...lines,
    ...(ended ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n')
}

function segment(stream: string, at: number): string {
  return `${stream}/s${String(at)}.ts`
}

/** Asks for a stream's playlist and for some of its segments, as a player does. */
async function play(visitor: ChromiumVisitor, stream: string, from: number, to: number): Promise<void> {
  expect((await get(visitor, `/${stream}/list.m3u8`)).status).toBe(200)
  for (let at = from; at < to; at += 1)
    expect(await get(visitor, `/${segment(stream, at)}`)).toMatchObject({ status: 200, bytes: SEGMENT_BYTES })
}

async function viewer(page = ''): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await open(visitor, `${site.url}${page}`)
  return visitor
}

test('what a player asks for next is here before it asks, from several viewers; a broadcast goes on in an open page', async () => {
  const holders = [await viewer(), await viewer()]
  for (const holder of holders) await play(holder, 'film', 0, SEGMENTS)

  const saver = await browser.newVisitor()
  const session = await saver.context.newCDPSession(saver.page)
  await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true })
  await open(saver, site.url)
  const reader = await viewer()
  for (const each of [saver, reader])
    await expect.poll(async () => (await statusOf(each)).peers).toBeGreaterThanOrEqual(2)
  await relay.serveContent(false)
  await play(saver, 'film', 0, 3)
  const shared = await Promise.all(holders.map(async (holder) => (await statusOf(holder)).shared))
  await play(reader, 'film', 0, 3)
  // It was not asked for: the store of the page has it all the same.
  await expect.poll(() => storedPieces(reader), { timeout: 15_000 }).toBeGreaterThanOrEqual(5)
  expect(await sourceOf(reader, `/${segment('film', 3)}`)).toBe('local')
  for (const [index, holder] of holders.entries())
    await expect.poll(async () => (await statusOf(holder)).shared).toBeGreaterThan((shared[index] ?? 0) + 100_000)
  // It had more time.
  expect(await sourceOf(saver, `/${segment('film', 4)}`)).not.toBe('local')
  await relay.serveContent(true)

  await play(reader, 'live', 0, 2)
  const before = await get(reader, '/live/list.m3u8')
  await site.add('live/list.m3u8', playlist(3, { ended: false }))
  await site.add(segment('live', 2), seededBytes(SEGMENT_BYTES, 102))
  await site.add('index.html', 'another page')
  await site.publish()
  await expect
    .poll(async () => (await get(reader, '/live/list.m3u8')).bytes, { timeout: 15_000 })
    .toBeGreaterThan(before.bytes)
  await play(reader, 'live', 2, 3)
  // The rest of the page is what it was.
  expect((await get(reader, '/index.html')).bytes).toBeGreaterThan('another page'.length)
})

test(
  'a new segment of a broadcast leaves the relay once: the others have it from whose turn it was',
  {
    tag: '@alone',
  },
  async () => {
    // A minute in hand, that the worker has seen nothing of.
    const first = await viewer('show.html')
    const viewers = [first, await viewer('show.html'), await viewer('show.html')]
    for (const each of viewers)
      await expect.poll(async () => (await statusOf(each)).peers).toBeGreaterThanOrEqual(viewers.length - 1)
    const bytes = (await get(first, '/show/list.m3u8')).bytes
    const before = (await relay.metrics()).contentBytes.http
    await site.add('show/list.m3u8', playlist(3, { ended: false, seconds: 30 }))
    await site.add(segment('show', 2), seededBytes(SEGMENT_BYTES, 202))
    await site.publish()
    await Promise.all(
      viewers.map(async (each) => {
        await expect
          .poll(async () => (await get(each, '/show/list.m3u8')).bytes, { timeout: 15_000, intervals: [100] })
          .toBeGreaterThan(bytes)
        await play(each, 'show', 2, 3)
      }),
    )
    const sent = (await relay.metrics()).contentBytes.http - before
    expect(sent).toBeGreaterThanOrEqual(SEGMENT_BYTES)
    expect(sent).toBeLessThan(1.5 * SEGMENT_BYTES)
  },
)

/** Segments in the visitor's IndexedDB. */
async function storedPieces(visitor: ChromiumVisitor): Promise<number> {
  return await visitor.evaluate(async (bytes) => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => {
          resolve(request.result)
        }
        request.onerror = () => {
          reject(request.error ?? new Error('IndexedDB failed'))
        }
      })
    const database = await done(indexedDB.open('blackhole-pieces'))
    const blocks = (await done(database.transaction('pieces').objectStore('pieces').getAll())) as Uint8Array[]
    database.close()
    return blocks.filter(({ byteLength }) => byteLength === bytes).length
  }, SEGMENT_BYTES)
}
