import { createHash } from 'node:crypto'
import { relayPaths } from '@blackhole/protocol'
import type { Manifest, SiteName } from '@blackhole/protocol'
import { readSiteRecord } from '@blackhole/site'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startTestRelay } from '../relay-harness.ts'
import type { TestRelay } from '../relay-harness.ts'
import { PULL_TICK_MS } from '../limits.ts'
import { PROOF_PATH, proofContent } from './ownership.ts'
import { startTestOrigin } from './pull-harness.ts'
import type { TestAnswer, TestOrigin } from './pull-harness.ts'

const SOON = { timeout: 15_000, interval: 20 }
const LARGE = new Uint8Array(2 * 1024 * 1024 + 9).map((_, at) => at >> 10)

let origin: TestOrigin
let test_: TestRelay
let laterMs: number

beforeEach(async () => {
  // The relay's ticks are the tests' to give; all else goes on by the real clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  origin = await startTestOrigin()
  laterMs = 0
})

afterEach(async () => {
  await test_.stop()
  await origin.stop()
  vi.useRealTimers()
})

async function start(init: Parameters<typeof startTestRelay>[0] = {}): Promise<SiteName> {
  test_ = await startTestRelay(
    { pull: [origin.origin], allowPrivate: true, ...init },
    { now: () => Date.now() + laterMs },
  )
  const [zone] = test_.relay.pullZones
  if (zone === undefined) throw new Error('no zone')
  return zone.site
}

/** Asks while the relay goes on, at a time that stands still. */
function now<T>(read: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(() => {
    vi.advanceTimersByTime(PULL_TICK_MS)
    return read()
  }, SOON)
}

/** Asks while time passes more quickly. */
function soon<T>(read: () => T): ReturnType<typeof expect.poll<T>> {
  return now(() => {
    laterMs += 500
    return read()
  })
}

/** The origin's owner puts the file there. */
function prove(site: SiteName): void {
  origin.answers.set(PROOF_PATH, () => ({ body: proofContent(site) }))
}

function serve(path: string, body: string | Uint8Array, headers: TestAnswer['headers'] = {}, status = 200): void {
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 8)}"`
  origin.answers.set(path, (question) =>
    question.headers['if-none-match'] === etag
      ? { status: 304, headers: { ETag: etag, ...headers } }
      : {
          status,
          body,
          headers: { 'Cache-Control': 'max-age=600', ETag: etag, 'Content-Type': 'text/javascript', ...headers },
        },
  )
}

async function report(site: SiteName, paths: readonly string[], changed: readonly string[] = [], from?: string) {
  return await test_.fetch(relayPaths.assets(site), {
    method: 'POST',
    headers: { origin: from ?? origin.origin },
    body: JSON.stringify({ paths, changed }),
  })
}

/** The newest version's manifest, its record checked as a visitor does. */
async function manifestOf(site: SiteName): Promise<Manifest | undefined> {
  const answer = await test_.fetch(relayPaths.record(site))
  if (!answer.ok) return undefined
  const { root } = await readSiteRecord(site, await answer.bytes(), { now: Date.now() + laterMs })
  return (await (await test_.fetch(`/ipfs/${root}/.blackhole/manifest.json`)).json()) as Manifest
}

async function filesOf(site: SiteName): Promise<string[]> {
  return Object.keys((await manifestOf(site))?.files ?? {})
}

describe('a pull zone', { timeout: 40_000 }, () => {
  test('serves nothing before its origin names it, then what visitors ask for, fetched once and signed', async () => {
    const site = await start()
    await now(() => origin.count(PROOF_PATH)).toBe(1)
    await now(() => test_.relay.pullZones[0]?.advice).toMatch(/Put {"sites":\["k51.*found: status 404/)
    serve('/app.js', 'let a = 1', { 'X-Content-Type-Options': 'nosniff', 'X-Powered-By': 'x' })
    serve('/large.bin', LARGE, { 'Content-Type': 'application/x-large' })
    serve('/me.json', '{}', { 'Cache-Control': 'private, max-age=600' })
    serve('/cookie.js', '1', { 'Set-Cookie': 'a=b' })
    serve('/page', '<p>', { 'Content-Type': 'text/html' })
    const asked = ['/app.js', '/large.bin', '/me.json', '/cookie.js', '/page', '/gone.js', '/a/../b', '/index.html']
    expect((await report(site, asked)).status).toBe(204)
    expect(await manifestOf(site)).toBeUndefined()
    prove(site)
    laterMs += 16_000
    await soon(() => test_.relay.pullZones[0]?.state).toBe('serving')
    await soon(() => manifestOf(site)).toMatchObject({ files: {}, pulled: true, documents: 'origin' })
    expect(origin.count('/app.js')).toBe(0)

    for (let times = 0; times < 3; times++) expect((await report(site, asked)).status).toBe(204)
    await now(() => origin.count('/gone.js')).toBe(1)
    await soon(() => filesOf(site)).toEqual(['_headers', 'app.js', 'large.bin'])
    await report(site, asked)
    // What visitors got without the origin (two files, once), what they had from it (two, three times), for the operator.
    const [zone] = test_.relay.pullZones
    const held = 'let a = 1'.length + LARGE.byteLength
    expect(zone).toMatchObject({ requests: { hit: 2, miss: 6, revalidated: 0, unavailable: 0 } })
    // Four that may not be shared, and those that are no assets, each time.
    expect(zone?.requests.refused).toBeGreaterThanOrEqual(8)
    expect([zone?.originBytes, zone?.savedBytes]).toEqual([held, held])
    const metrics = await (await test_.fetch('/metrics')).text()
    const labels = `origin="${origin.origin}"`
    expect(metrics).toContain(`blackhole_pull_requests_total{${labels},result="miss"} 6\n`)
    expect(metrics).toContain(`blackhole_pull_origin_bytes_total{${labels}} ${String(held)}\n`)
    expect(metrics).toContain(`blackhole_pull_saved_bytes_total{${labels}} ${String(held)}\n`)
    expect(
      ['/app.js', '/large.bin', '/me.json', '/cookie.js', '/page', '/a/../b', '/index.html'].map(origin.count),
    ).toEqual([1, 1, 1, 1, 1, 0, 0])
    const { files, origins } = (await manifestOf(site))!
    expect([files['app.js']?.type, files['large.bin']?.type, origins]).toEqual([
      'text/javascript',
      'application/x-large',
      [origin.origin],
    ])
    expect(await (await test_.fetch(`/ipfs/${files['app.js']?.cid ?? ''}`)).text()).toBe('let a = 1')
    const large = await (await test_.fetch(`/ipfs/${files['large.bin']?.cid ?? ''}`)).bytes()
    expect(Buffer.compare(large, LARGE)).toBe(0)
    expect(await (await test_.fetch(`/ipfs/${files['_headers']?.cid ?? ''}`)).text()).toBe(
      '/app.js\n  x-content-type-options: nosniff\n',
    )
  })

  test('asks again what visitors still want before it expires, drops the rest, and follows what the origin says then', async () => {
    const site = await start()
    prove(site)
    laterMs += 16_000
    await soon(() => manifestOf(site)).toBeDefined()
    for (const name of ['same', 'changed', 'private', 'trouble'])
      serve(`/${name}.js`, name, { 'Cache-Control': 'max-age=2400' })
    serve('/unwanted.js', 'unwanted', { 'Cache-Control': 'max-age=2400' })
    const wanted = ['/same.js', '/changed.js', '/private.js', '/trouble.js']
    await report(site, [...wanted, '/unwanted.js'])
    await now(() => origin.count('/unwanted.js')).toBe(1)
    await soon(() => filesOf(site)).toHaveLength(5)
    const before = (await manifestOf(site))!

    serve('/changed.js', 'changed since', { 'Cache-Control': 'max-age=2400' })
    serve('/private.js', 'private', { 'Cache-Control': 'private' })
    serve('/trouble.js', '', {}, 503)
    laterMs += 1_000_000
    await report(site, wanted)
    expect(origin.questions.filter(({ path }) => path === '/same.js')).toHaveLength(1)
    laterMs += 1_380_000
    await soon(() => origin.questions.filter(({ path }) => path === '/same.js')).toHaveLength(2)
    expect(origin.questions.findLast(({ path }) => path === '/same.js')?.headers['if-none-match']).toMatch(/^"/)
    await now(() => test_.relay.pullZones[0]?.requests).toMatchObject({
      // One that holds and one that changed; five were asked for before they were held.
      ...{ revalidated: 2, miss: 5 },
      hit: wanted.length,
    })
    await soon(async () => {
      const { files = {} } = (await manifestOf(site)) ?? {}
      return ['private.js', 'unwanted.js', 'same.js', 'changed.js'].map((path) => files[path]?.size)
    }).toEqual([undefined, undefined, 'same'.length, 'changed since'.length])
    const after = (await manifestOf(site))!
    expect(after.files['same.js']).toEqual(before.files['same.js'])
    expect([after.sequence > before.sequence, after.previous !== null]).toEqual([true, true])
    expect(origin.count('/unwanted.js')).toBe(1)
    // Nothing stale is served: the origin in trouble did not renew it in time.
    laterMs += 30_000
    await soon(() => filesOf(site)).toEqual(['changed.js', 'same.js'])
    serve('/trouble.js', 'trouble', { 'Cache-Control': 'max-age=2400' })
    await soon(() => filesOf(site)).toEqual(['changed.js', 'same.js', 'trouble.js'])
    expect((await manifestOf(site))!.files['trouble.js']).toEqual(before.files['trouble.js'])
    // A visitor who sees something else than the manifest says is listened to.
    serve('/same.js', 'not any more', { 'Cache-Control': 'max-age=2400' })
    await report(site, ['/same.js'], ['/same.js'])
    await soon(async () => (await manifestOf(site))?.files['same.js']?.size).toBe('not any more'.length)
  })

  test('ends when its origin names it no more, and keeps its name and its assets over a restart', async () => {
    const site = await start()
    const data = test_.data
    prove(site)
    laterMs += 16_000
    await soon(() => manifestOf(site)).toBeDefined()
    serve('/app.js', 'let a = 1')
    // A name with blanks is one too, and its headers are found by it.
    serve('/two%20words.js', 'let b', { 'X-Content-Type-Options': 'nosniff' })
    await report(site, ['/two%20words.js'])
    await soon(() => filesOf(site)).toEqual(['_headers', 'two words.js'])
    const { _headers: carried } = (await manifestOf(site))!.files
    expect(await (await test_.fetch(`/ipfs/${carried?.cid ?? ''}`)).text()).toContain('/two%20words.js\n')
    await report(site, ['/app.js'])
    const all = ['_headers', 'app.js', 'two words.js']
    await soon(() => filesOf(site)).toEqual(all)
    await test_.relay.stop()
    expect(await start({ data })).toBe(site)
    await now(() => test_.relay.pullZones[0]).toMatchObject({ state: 'serving', assets: 2 })

    origin.answers.set(PROOF_PATH, () => ({ body: '{"sites":[]}' }))
    const before = origin.count(PROOF_PATH)
    laterMs += 300_000
    for (const looks of [1, 2, 3]) {
      await now(() => origin.count(PROOF_PATH)).toBe(before + looks)
      if (looks < 3) expect(await filesOf(site)).toEqual(all)
      laterMs += 21_000
    }
    await soon(() => manifestOf(site)).toMatchObject({ retired: true, files: {} })
    expect(test_.relay.pullZones[0]).toMatchObject({ state: 'ended', assets: 0 })
    await report(site, ['/app.js'])
    expect(origin.count('/app.js')).toBe(1)
  })

  test('of an origin inside of the relay’s network is refused unless allowed, and takes reports of its own pages only', async () => {
    const site = await start({ allowPrivate: false })
    await now(() => test_.relay.pullZones[0]?.advice).toMatch(/no address of the internet.*allowPrivate/)
    expect(origin.questions).toEqual([])
    expect((await report(site, ['/a.js'], [], 'https://other.example')).status).toBe(403)
    expect((await report(site, ['no path'])).status).toBe(400)
    expect((await report(site, Array<string>(201).fill('/a'))).status).toBe(400)
    const other = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8' as SiteName
    expect((await report(other, ['/a.js'])).status).toBe(404)
  })
})
