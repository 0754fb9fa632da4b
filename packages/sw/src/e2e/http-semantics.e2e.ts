import { launchChromium, seededBytes, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, ChromiumVisitor, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { get, ready, sha256 } from './page.ts'
import type { Answer } from './page.ts'
import { TestSite, html } from './test-site.ts'

/** Three pieces, the last of them short. */
const LARGE = seededBytes(2 * 1024 * 1024 + 100, 9)
const TEN = '0123456789'
const FILES: Record<string, string | Uint8Array> = {
  'index.html': html('Home'),
  'about/index.html': html('About'),
  '404.html': html('Not here'),
  'ten.txt': TEN,
  'empty.txt': '',
  'hundreds.txt': TEN.repeat(400),
  'large.bin': LARGE,
  'a b & c/ü%41.txt': 'odd name\n',
  'report.txt': 'the report\n',
  'with-tag.html': '',
  _redirects: `
/old /about/ 301
/found /about/ 302
/alias /report.txt 200
/posts/:id /ten.txt?post=:id 200
/away/* /about/:splat 301
/gone /404.html 410
`,
  _headers: `
/ten.txt
  X-Custom: yes
  Cache-Control: max-age=77
`,
}

let relay: RelayProcess
let site: TestSite
let browser: ChromiumBrowser
let visitor: ChromiumVisitor

test.beforeAll(async () => {
  relay = await startRelay()
  site = await TestSite.create(relay)
  FILES['with-tag.html'] = html(
    'Has a tag',
    `<script async src="/.blackhole/blackhole.js" data-site="${site.name}" data-worker="/.blackhole/blackhole-sw.js"></script>`,
  )
  await site.publish(FILES)
  browser = await launchChromium()
  visitor = await browser.newVisitor()
  await visitor.goto(site.url)
  await ready(visitor)
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

function through(answer: Answer): Answer {
  expect(answer.headers['x-blackhole-source'], 'comes through the worker').toMatch(/^(local|peers|http|mixed)$/)
  expect(answer.headers['server-timing']).toMatch(/^blackhole;desc="\w+";dur=[\d.]+$/)
  expect(answer.headers['etag']).toMatch(/^"[^"]+"$/)
  return answer
}

async function range(path: string, value: string): Promise<Answer> {
  return through(await get(visitor, path, { headers: { Range: value } }))
}

test('fetch returns the published bytes of every file, whatever it is called', async () => {
  for (const [path, content] of Object.entries(FILES)) {
    if (path.startsWith('_')) continue
    const url = `/${path.split('/').map(encodeURIComponent).join('/')}`
    expect(through(await get(visitor, url)), path).toMatchObject({ status: 200, sha256: sha256(content) })
  }
  const { headers } = await get(visitor, '/empty.txt')
  expect(headers['content-length']).toBe('0')
})

test('ranges: one, several, of the end, open, across pieces, and none', async () => {
  expect(await range('/ten.txt', 'bytes=2-4')).toMatchObject({
    status: 206,
    text: '234',
    headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3' },
  })
  expect(await range('/ten.txt', 'bytes=-3')).toMatchObject({ status: 206, text: '789' })
  expect(await range('/ten.txt', 'bytes=7-')).toMatchObject({ status: 206, text: '789' })
  expect(await range('/ten.txt', 'bytes=10-')).toMatchObject({
    status: 416,
    headers: { 'content-range': 'bytes */10' },
  })
  const [from, to] = [1024 * 1024 - 10, 2 * 1024 * 1024 + 9]
  expect(await range('/large.bin', `bytes=${String(from)}-${String(to)}`)).toMatchObject({
    status: 206,
    sha256: sha256(LARGE.subarray(from, to + 1)),
  })
  // Ranges that lie close together may be answered as one (RFC 9110, section 15.3.7.2).
  const several = await range('/hundreds.txt', 'bytes=0-1,3005-3006')
  expect(several.status).toBe(206)
  const boundary = /^multipart\/byteranges; boundary="?([^"]+)"?$/.exec(several.headers['content-type'] ?? '')?.[1]
  expect(boundary).toBeDefined()
  const parts = several.text.split(`--${String(boundary)}`)
  expect(parts[1]).toMatch(/content-range: bytes 0-1\/4000\r\n\r\n01\r\n$/i)
  expect(parts[2]).toMatch(/content-range: bytes 3005-3006\/4000\r\n\r\n56\r\n$/i)
  expect(several.headers['content-length']).toBe(String(several.bytes))
})

test('HEAD, If-None-Match and If-Range', async () => {
  const whole = await get(visitor, '/ten.txt')
  const head = through(await get(visitor, '/ten.txt', { method: 'HEAD' }))
  expect(head).toMatchObject({ status: 200, bytes: 0 })
  expect(head.headers).toMatchObject({ 'content-length': '10', etag: whole.headers['etag'] })
  const etag = String(whole.headers['etag'])
  expect(await get(visitor, '/ten.txt', { headers: { 'If-None-Match': etag } })).toMatchObject({
    status: 304,
    bytes: 0,
  })
  expect(await get(visitor, '/ten.txt', { headers: { 'If-None-Match': '"other"' } })).toMatchObject({ status: 200 })
  const ranged = { Range: 'bytes=0-1', 'If-Range': etag }
  expect(await get(visitor, '/ten.txt', { headers: ranged })).toMatchObject({ status: 206, text: '01' })
  expect(await get(visitor, '/ten.txt', { headers: { ...ranged, 'If-Range': '"other"' } })).toMatchObject({
    status: 200,
    text: TEN,
  })
})

test('_redirects and _headers', async () => {
  const at = async (path: string) =>
    await visitor.evaluate(async (path: string) => {
      const { url, redirected, status } = await fetch(path)
      return { path: new URL(url).pathname, redirected, status }
    }, path)
  expect(await at('/old')).toEqual({ path: '/about/', redirected: true, status: 200 })
  expect(await at('/found')).toEqual({ path: '/about/', redirected: true, status: 200 })
  expect(await at('/away/')).toEqual({ path: '/about/', redirected: true, status: 200 })
  expect(through(await get(visitor, '/alias'))).toMatchObject({ status: 200, text: 'the report\n' })
  expect(through(await get(visitor, '/posts/7'))).toMatchObject({ status: 200, text: TEN })
  expect(through(await get(visitor, '/gone'))).toMatchObject({ status: 410, text: FILES['404.html'] })
  expect((await get(visitor, '/ten.txt')).headers).toMatchObject({ 'x-custom': 'yes', 'cache-control': 'max-age=77' })
  await visitor.goto(`${site.url}old`)
  expect(await visitor.evaluate(() => [location.pathname, document.title])).toEqual(['/about/', 'About'])
})

test('folders, their slash, and the page for what is not there', async () => {
  await visitor.goto(`${site.url}about`)
  expect(await visitor.evaluate(() => [location.pathname, document.title])).toEqual(['/about/', 'About'])
  expect(through(await get(visitor, '/about/'))).toMatchObject({ status: 200, text: FILES['about/index.html'] })
  expect(through(await get(visitor, '/no/such/file'))).toMatchObject({ status: 404, text: FILES['404.html'] })
  expect(await visitor.goto(`${site.url}no-such-page`)).toBe(404)
  expect(await visitor.evaluate(() => document.title)).toBe('Not here')
})

test('a navigation has the loader tag once, wherever it came from and whether or not it was published with one', async () => {
  const fresh = await browser.newVisitor()
  for (const [page, path] of [
    [fresh, ''],
    [visitor, ''],
    [visitor, 'with-tag.html'],
    [visitor, 'about/'],
    [visitor, 'no-such-page'],
  ] as const) {
    await page.goto(site.url + path)
    const found = await page.evaluate(() => ({
      tags: document.querySelectorAll('script[src$="/blackhole.js"]').length,
      fromWorker: (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).workerStart > 0,
    }))
    expect(found, path).toEqual({ tags: 1, fromWorker: page === visitor })
  }
  await fresh.close()
})
