import { createHash } from 'node:crypto'
import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { measured } from './measured.ts'
import { bansOf, get, open, statusOf } from './page.ts'
import { PublishedSite } from './published-site.ts'
import { beginReading, digestsOf, readOn } from './slow-reader.ts'

const MIB = 1024 * 1024
const LARGE = seededBytes(32 * MIB + 1234, 3)

/** Of a response the page fetches 32 pieces beyond the eight that are read next: some are left when a holder goes. */
const LONGER = seededBytes(56 * MIB + 1234, 3)

/** The longest that a reader may wait for the next bytes when a holder is gone without a word. */
const MAX_GAP_MS = 8_000

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
})

test.beforeEach(async () => {
  await relay.serveContent(true)
  site = await PublishedSite.create(relay)
  await site.addPage('index.html', { 'upload-limit': '8M' })
})

test.afterEach(async () => {
  await site.remove()
})

/** Publishes a file, and has three visitors get the whole of it. */
async function holdersOf(file: Uint8Array): Promise<[ChromiumVisitor, ChromiumVisitor, ChromiumVisitor]> {
  await site.add('large.bin', file)
  await site.publish()
  const sha256 = createHash('sha256').update(file).digest('hex')
  const make = async (): Promise<ChromiumVisitor> => {
    const visitor = await browser.newVisitor()
    await open(visitor, site.url)
    expect(await get(visitor, '/large.bin')).toMatchObject({ status: 200, sha256 })
    return visitor
  }
  return [await make(), await make(), await make()]
}

/** A visitor who has the page and not the file, and is connected to three others; the relay gives no more content. */
async function reader(): Promise<ChromiumVisitor> {
  const visitor = await browser.newVisitor()
  await open(visitor, site.url)
  await expect.poll(async () => (await statusOf(visitor)).peers).toBe(3)
  await relay.serveContent(false)
  return visitor
}

async function shared(visitors: readonly ChromiumVisitor[]): Promise<number[]> {
  return await Promise.all(visitors.map(async (visitor) => (await statusOf(visitor)).shared))
}

test('pieces come from three holders, and one that is cut off in the middle is not missed', async () => {
  const all = await holdersOf(LONGER)
  const [a, b, c] = all
  const d = await reader()
  const contentBefore = (await relay.metrics()).contentBytes
  const before = await shared(all)

  await beginReading(d, '/large.bin')
  await readOn(d, 8 * MIB)
  const middle = await shared(all)
  for (const [at, bytes] of middle.entries()) expect(bytes, `holder ${String(at)}`).toBeGreaterThan(before[at] ?? NaN)

  // Its process is gone: nobody is told, no connection is closed.
  const gone = b.page.waitForEvent('crash')
  const session = await b.context.newCDPSession(b.page)
  session.send('Page.crash').catch(() => undefined)
  await gone

  const { bytes, digests, longestGapMs, done } = await readOn(d)
  expect({ bytes, done }).toEqual({ bytes: LONGER.byteLength, done: true })
  expect(digests).toEqual(digestsOf(LONGER))
  expect(longestGapMs).toBeLessThan(MAX_GAP_MS)
  for (const [at, visitor] of [a, c].entries()) {
    await expect.poll(async () => (await statusOf(visitor)).shared).toBeGreaterThan(middle[at * 2] ?? NaN)
  }
  expect((await relay.metrics()).contentBytes).toEqual(contentBefore)
  expect(await bansOf(d)).toEqual([])
  measured(
    `cut off: shared ${middle.map((x, i) => x - (before[i] ?? 0)).join(', ')} at the cut; longest gap ${longestGapMs.toFixed(0)} ms`,
  )
  await Promise.all([a, b, c, d].map((visitor) => visitor.context.close()))
})

test('a holder of corrupted bytes is banned, and no wrong byte reaches the page', async () => {
  const all = await holdersOf(LARGE)
  const [a, b, liar] = all
  // Pieces are written in batches, some time after they were read.
  await expect.poll(() => storedPieces(liar)).toBe(33)
  expect(await spoil(liar)).toBe(33)
  // A page that was never there before the bytes were spoilt has no other copy of them.
  await open(liar, site.url)
  const d = await reader()
  const contentBefore = (await relay.metrics()).contentBytes
  const before = await shared(all)

  expect(await get(d, '/large.bin')).toMatchObject({
    status: 200,
    bytes: LARGE.byteLength,
    sha256: createHash('sha256').update(LARGE).digest('hex'),
    source: 'peers',
  })
  await expect.poll(async () => (await shared(all)).every((bytes, at) => bytes > (before[at] ?? NaN))).toBe(true)
  const bans = await bansOf(d)
  expect(bans).toMatchObject([{ reason: 'corrupt' }])
  // It is the liar that is gone, and the others are still there.
  await expect.poll(async () => (await statusOf(d)).peers).toBe(2)
  for (const honest of [a, b]) expect((await statusOf(honest)).peers).toBeGreaterThanOrEqual(2)
  const stored = await wrongBlocks(d)
  expect(stored.wrong).toBe(0)
  expect(stored.blocks).toBeGreaterThan(0)
  expect((await relay.metrics()).contentBytes).toEqual(contentBefore)
  measured(`spoilt: shared ${(await shared(all)).map((x, i) => x - (before[i] ?? 0)).join(', ')}, the last one lying`)
  await Promise.all([a, b, liar, d].map((visitor) => visitor.context.close()))
})

/** Pieces of the file in the visitor's IndexedDB. */
async function storedPieces(visitor: ChromiumVisitor): Promise<number> {
  const sizes = [MIB, LARGE.byteLength % MIB]
  return await visitor.evaluate(async (sizes: readonly number[]) => {
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
    return blocks.filter((bytes) => sizes.includes(bytes.byteLength)).length
  }, sizes)
}

/** Changes a byte of each piece of the file in the visitor's IndexedDB; returns how many there were. */
async function spoil(visitor: ChromiumVisitor): Promise<number> {
  const sizes = [MIB, LARGE.byteLength % MIB]
  return await visitor.evaluate(async (sizes: readonly number[]) => {
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
    let count = 0
    for (const cid of await done(database.transaction('pieces').objectStore('pieces').getAllKeys())) {
      const store = database.transaction('pieces', 'readwrite').objectStore('pieces')
      const bytes = (await done(store.get(cid))) as Uint8Array<ArrayBuffer>
      if (!sizes.includes(bytes.byteLength)) continue
      const at = Math.floor(bytes.byteLength / 2)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await done(store.put(bytes, cid))
      count++
    }
    database.close()
    return count
  }, sizes)
}

/** Looks for stored blocks whose bytes are not those that their raw CID names; blocks of other codecs are nodes. */
async function wrongBlocks(visitor: ChromiumVisitor): Promise<{ blocks: number; wrong: number }> {
  const blocks = await visitor.evaluate(async () => {
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
    const found: { cid: string; sha256: number[] }[] = []
    for (const cid of await done(database.transaction('pieces').objectStore('pieces').getAllKeys())) {
      const bytes = (await done(
        database.transaction('pieces').objectStore('pieces').get(cid),
      )) as Uint8Array<ArrayBuffer>
      found.push({ cid: cid as string, sha256: [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))] })
    }
    database.close()
    return found
  })
  const { CID } = await import('multiformats/cid')
  const wrong = blocks.filter(
    ({ cid, sha256 }) => Buffer.compare(CID.parse(cid).multihash.digest, Buffer.from(sha256)) !== 0,
  )
  return { blocks: blocks.length, wrong: wrong.length }
}
