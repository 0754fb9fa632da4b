import { PIECE_BYTES } from '@blackhole/protocol'
import { loaderTag } from '@blackhole/site'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'
import { FAIL_AFTER_MS } from './upkeep/stay-awake.ts'
import { BIG, FILES, NAVIGATION, TestWorld, publishFiles, sourceHeader } from './worker-world.ts'
import type { PublishedSite } from './worker-world.ts'

let site: PublishedSite
let world: TestWorld

beforeAll(async () => {
  site = await publishFiles(await generateKeyPair('Ed25519'))
})

beforeEach(() => {
  world = new TestWorld(site)
})

afterEach(() => {
  world.close()
})

describe('a first visit', () => {
  it('is left to the browser: the worker adds nothing before it knows the site', async () => {
    const worker = await world.start()
    expect(world.ask(worker, '/app.js')).toBeUndefined()
    expect(world.ask(worker, '/docs/')).toBeUndefined()
    expect(world.network.requests).toEqual([])
  })
})

describe('a file of a hosted site', () => {
  it('comes over HTTP once, and is then here', async () => {
    const worker = await world.ready()
    const first = await world.get(worker, '/app.js')
    expect(await first.text()).toBe('let app = 1')
    expect(sourceHeader(first)).toBe('http')
    await Promise.all(world.background)
    world.network.up = false
    const second = await world.get(await world.start(), '/app.js')
    expect(await second.text()).toBe('let app = 1')
    expect(sourceHeader(second)).toBe('local')
  })

  it('carries its CID as ETag, its type, its length and where it came from', async () => {
    const { headers } = await world.get(await world.ready(), '/app.js')
    expect(headers.get('ETag')).toBe(`"${site.content.manifest.files['app.js']?.cid ?? ''}"`)
    expect(headers.get('Content-Type')).toBe('text/javascript; charset=utf-8')
    expect(headers.get('Content-Length')).toBe('11')
    expect(headers.get('Server-Timing')).toMatch(/^blackhole;desc="http";dur=\d+/)
  })

  it('is byte for byte what was published, in one piece or many, with any name', async () => {
    const worker = await world.ready()
    for (const [path, bytes] of Object.entries(FILES)) {
      const response = await world.get(worker, `/${encodeURI(path)}`)
      const expected = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
      expect(Buffer.compare(await response.bytes(), expected), path).toBe(0)
    }
  })

  it('is fetched by the pieces that a range needs, and no others', async () => {
    const worker = await world.ready()
    const from = PIECE_BYTES - 2
    const response = await world.get(worker, '/big.bin', {
      headers: { Range: `bytes=${String(from)}-${String(from + 3)}` },
    })
    expect(response.status).toBe(206)
    expect(response.headers.get('Content-Range')).toBe(
      `bytes ${String(from)}-${String(from + 3)}/${String(BIG.length)}`,
    )
    expect([...(await response.bytes())]).toEqual([...BIG.subarray(from, from + 4)])
    expect(world.network.requests.length).toBe(2)
  })

  it('answers several ranges, suffixes and ranges that are not there', async () => {
    const worker = await world.ready()
    const several = await world.get(worker, '/big.bin', { headers: { Range: 'bytes=0-1,1048576-1048577,-2' } })
    expect(several.headers.get('Content-Type')).toMatch(/^multipart\/byteranges; boundary=/)
    const text = new TextDecoder('latin1').decode(await several.bytes())
    expect(text.length).toBe(Number(several.headers.get('Content-Length')))
    expect(text).toContain(`Content-Range: bytes 3146726-3146727/${String(BIG.length)}`)
    const beyond = await world.get(worker, '/big.bin', { headers: { Range: 'bytes=99999999-' } })
    expect([beyond.status, beyond.headers.get('Content-Range')]).toEqual([416, `bytes */${String(BIG.length)}`])
  })

  it('needs no piece for HEAD and for what the asker has', async () => {
    const worker = await world.ready()
    const head = await world.get(worker, '/app.js', { method: 'HEAD' })
    expect([head.status, head.body, head.headers.get('Content-Length')]).toEqual([200, null, '11'])
    const etag = head.headers.get('ETag') ?? ''
    expect((await world.get(worker, '/app.js', { headers: { 'If-None-Match': etag } })).status).toBe(304)
    expect(world.network.requests).toEqual([])
  })

  it('is mixed when a part of it was here', async () => {
    const worker = await world.ready()
    await (await world.get(worker, '/big.bin', { headers: { Range: 'bytes=0-9' } })).bytes()
    await Promise.all(world.background)
    const response = await world.get(worker, '/big.bin')
    expect(sourceHeader(response)).toBe('mixed')
    expect((await response.bytes()).length).toBe(BIG.length)
  })

  it('redirects folders, and shows the 404 page for what is not there', async () => {
    const worker = await world.ready()
    const folder = await world.get(worker, '/docs?x=1')
    expect([folder.status, folder.headers.get('Location')]).toEqual([301, '/docs/?x=1'])
    const missing = await world.get(worker, '/nowhere/at/all')
    expect([missing.status, await missing.text()]).toEqual([404, '<h1>Nothing here</h1>'])
  })

  it('fails, and does not end short, when a piece can not be had in the middle', async () => {
    const worker = await world.ready()
    const last = site.content.manifest.files['big.bin']?.pieces?.at(-1) ?? ''
    world.network.answer = async (url) => (url.pathname.includes(last) ? undefined : await world.relay(url))
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const response = await world.get(worker, '/big.bin')
    expect(response.status).toBe(200)
    await expect(response.bytes()).rejects.toThrow()
    expect(complaints.mock.calls.flat()).toEqual([
      expect.stringMatching(/big\.bin broke off after 3145728 of \d+ bytes\. NotFoundError: .*was not found$/),
    ])
    complaints.mockRestore()
  })

  it('says on the console why it was failed before the browser would cut it, by CID or path', async () => {
    world.endsByClock = true
    const worker = await world.ready()
    const late = Promise.withResolvers<undefined>()
    world.sleep = (ms, options) =>
      ms > FAIL_AFTER_MS / 2 && ms <= FAIL_AFTER_MS ? late.promise : systemClock.sleep(ms, options)
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const begun = [await world.get(worker, '/big.bin'), await world.get(worker, `/ipfs/${site.content.root}/big.bin`)]
    const readers = begun.map((response) => response.body?.getReader())
    for (const reader of readers) expect((await reader?.read())?.value?.byteLength).toBe(65_536)
    late.resolve(undefined)
    await new Promise(setImmediate)
    for (const reader of readers) await expect(reader?.read()).rejects.toThrow('No page is open')
    const all = `broke off after 65536 of ${String(BIG.length)} bytes. BlackholeError: No page is open`
    expect(complaints.mock.calls.flat()).toEqual([expect.stringContaining(all), expect.stringContaining(all)])
    complaints.mockRestore()
  })

  it('is explained when the browser would end the worker before anything of it has come', async () => {
    world.endsByClock = true
    const worker = await world.ready()
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    world.network.answer = () => new Promise(() => undefined)
    const refused = world.get(worker, '/app.js')
    world.laterMs = FAIL_AFTER_MS
    expect((await refused).status).toBe(504)
    complaints.mockRestore()
  })

  it('is never what a relay makes up', async () => {
    const worker = await world.ready()
    world.network.answer = () => Promise.resolve(new Response('let app = 2'))
    const response = await world.get(worker, '/app.js')
    expect(response.status).toBe(504)
  })
})

describe('a navigation of a hosted site', () => {
  it('gets the loader tag, with an ETag of its own; what fetch gets stays as it was published', async () => {
    const worker = await world.ready()
    const page = await world.get(worker, '/', NAVIGATION)
    expect(await page.text()).toBe(String(FILES['index.html']).replace('</head>', `${loaderTag(site.name)}</head>`))
    expect(page.headers.get('Vary')).toBe('Sec-Fetch-Dest, Sec-Fetch-Mode')
    const fetched = await world.get(worker, '/')
    expect(await fetched.text()).toBe(FILES['index.html'])
    expect(fetched.headers.get('ETag')).not.toBe(page.headers.get('ETag'))
  })

  it('gets the tag also when the relay answers it, and says so', async () => {
    const worker = await world.start()
    world.network.up = false
    await worker.begin().catch(() => undefined)
    world.network.up = true
    world.network.answer = () =>
      Promise.resolve(new Response('<head></head>', { headers: { 'Content-Type': 'text/html', ETag: '"x"' } }))
    const page = await world.get(worker, '/', NAVIGATION)
    expect(await page.text()).toBe(`<head>${loaderTag(site.name)}</head>`)
    expect(page.headers.get('ETag')).toBe('"x-loader"')
    expect(sourceHeader(page)).toBe('http')
    expect(page.headers.get('Server-Timing')).toMatch(/^blackhole;desc="http";dur=/)
  })

  it('works offline with what is here, and says clearly what is not', async () => {
    await (await world.get(await world.ready(), '/', NAVIGATION)).text()
    await Promise.all(world.background)
    world.network.up = false
    const worker = await world.start()
    expect((await world.get(worker, '/', NAVIGATION)).status).toBe(200)
    const refused = await world.get(worker, '/docs/', NAVIGATION)
    expect(refused.status).toBe(504)
    expect(await refused.text()).toContain('Try again')
    const text = await world.get(worker, '/app.js')
    expect([text.status, text.headers.get('Content-Type')]).toEqual([504, 'text/plain; charset=utf-8'])
  })
})

describe('what is not ours', () => {
  it.each([
    ['another origin', 'https://elsewhere.example/app.js', {}],
    ['another method', '/app.js', { method: 'POST' }],
    ['the API of the relay', '/.blackhole/api/v1/relay', {}],
    ["the worker's own script", '/.blackhole/blackhole-sw.js', {}],
    ['a block that is asked for as such', '/ipfs/bafy?format=raw', {}],
    ['a CAR', '/ipfs/bafy', { headers: { Accept: 'application/vnd.ipld.car' } }],
    ['what was sent past the worker', '/big.bin?blackhole=network', NAVIGATION],
  ])('is left to the browser: %s', async (_, path, init) => {
    expect(world.ask(await world.ready(), path, init)).toBeUndefined()
  })

  it('is everything once the visitor has opted out', async () => {
    const worker = await world.ready()
    world.post(worker, { type: 'blackhole:opt-out', optedOut: true })
    await Promise.all(world.background)
    expect(world.ask(worker, '/app.js')).toBeUndefined()
    expect(world.ask(await world.start(), '/app.js')).toBeUndefined()
  })
})

describe('the manifest', () => {
  it('is content like any other', async () => {
    const worker = await world.ready()
    const response = await world.get(worker, '/.blackhole/manifest.json')
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(site.content.manifest)))
    expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
    expect(response.headers.get('ETag')).toBeTruthy()
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=0, must-revalidate')
    expect(sourceHeader(response)).toBe('local')
    world.network.up = false
    expect((await world.get(await world.start(), '/.blackhole/manifest.json')).status).toBe(200)
  })
})

describe('content by CID', () => {
  it('is verified and served from the same relays', async () => {
    const worker = await world.ready()
    const response = await world.get(worker, `/ipfs/${site.content.root}/app.js`)
    expect([response.status, await response.text()]).toEqual([200, 'let app = 1'])
    expect(response.headers.get('ETag')).toBeTruthy()
    expect(['http', 'mixed']).toContain(sourceHeader(response))
  })

  it('is left to the relay where the worker can not answer, and never to the site', async () => {
    const worker = await world.ready()
    world.network.answer = (url) =>
      Promise.resolve(url.pathname.startsWith('/ipns/docs.example') ? new Response('by DNSLink') : undefined)
    const named = await world.get(worker, '/ipns/docs.example/a.txt')
    expect([named.status, await named.text(), sourceHeader(named)]).toEqual([200, 'by DNSLink', 'http'])
    const missing = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
    world.network.up = false
    expect((await world.get(worker, `/ipfs/${missing}`)).status).toBe(504)
  })
})
