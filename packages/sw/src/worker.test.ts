import {
  CHANNEL_VERSION,
  ChannelPort,
  PIECE_BYTES,
  parseSiteName,
  parseWorkerMessage,
  siteNameOf,
} from '@blackhole/protocol'
import type { PageToWorker, SiteName, WorkerToPage } from '@blackhole/protocol'
import { MemorySiteState, createSiteRecord, importSite, loaderTag, memoryFile } from '@blackhole/site'
import type { SiteImport } from '@blackhole/site'
import { MemoryPieceStore } from '@blackhole/swarm'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import type { WorkerConfig } from './config.ts'
import { MemoryClientRoots } from './version/client-roots.ts'
import { SiteWorker } from './worker.ts'

const ORIGIN = 'http://site.localhost:8080'
const big = new Uint8Array(3 * PIECE_BYTES + 1000).map((_, at) => (at * 31 + (at >> 11)) & 255)
const FILES: Record<string, string | Uint8Array> = {
  'index.html': '<!doctype html><html><head><title>Hi</title></head><body>Hi</body></html>',
  'app.js': 'let app = 1',
  'big.bin': big,
  'empty.txt': '',
  'docs/index.html': '<h1>Docs</h1>',
  '404.html': '<h1>Nothing here</h1>',
  'naïve name.txt': 'ok',
}

let key: Ed25519PrivateKey
let site: SiteName
let content: SiteImport
let record: Uint8Array<ArrayBuffer>

/** What the network answers, and what it was asked. */
let network: { up: boolean; requests: string[]; answer: (url: URL, init: RequestInit) => Promise<Response | undefined> }
let state: MemorySiteState
let store: MemoryPieceStore
let roots: MemoryClientRoots
let background: Promise<unknown>[]
let pages: { id: string; postMessage: (message: unknown, transfer: Transferable[]) => void }[]
let ports: { close: () => void }[]

beforeAll(async () => {
  key = await generateKeyPair('Ed25519')
  site = parseSiteName(siteNameOf(key.publicKey))
  content = await importSite(Object.entries(FILES).map(([path, bytes]) => memoryFile(path, bytes)))
  record = (await createSiteRecord(key, { root: content.root, sequence: 1 })).bytes
})

beforeEach(() => {
  state = new MemorySiteState()
  store = new MemoryPieceStore()
  roots = new MemoryClientRoots()
  background = []
  pages = []
  ports = []
  network = { up: true, requests: [], answer: relay }
})

afterEach(() => {
  for (const port of ports) port.close()
})

/** A relay that has everything. */
async function relay(url: URL): Promise<Response | undefined> {
  if (url.pathname.endsWith('/record')) return new Response(record)
  const cid = /^\/ipfs\/([a-z0-9]+)$/.exec(url.pathname)?.[1]
  if (cid === undefined || !content.blocks.has(cid)) return undefined
  return new Response(await content.readBlock(cid))
}

/** A worker that was just started: it shares nothing with the one before but what is stored. */
async function start(config: Partial<WorkerConfig> = {}): Promise<SiteWorker> {
  const worker = new SiteWorker(
    {
      state,
      store,
      roots,
      clients: {
        list: () => Promise.resolve(pages),
        has: (id) => Promise.resolve(pages.some((page) => page.id === id)),
      },
      clock: systemClock,
      databases: { deleteDatabase: () => ({}) as IDBOpenDBRequest },
      caches: { open: () => Promise.reject(new Error('no caches')), delete: () => Promise.resolve(false) },
      cacheName: 'blackhole-runtime',
      fetch: async (request, init = {}) => {
        const url = new URL(typeof request === 'string' ? request : request.url)
        network.requests.push(url.pathname + url.search)
        if (!network.up) throw new TypeError('Failed to fetch')
        return (await network.answer(url, init)) ?? new Response('not here', { status: 404 })
      },
      random: () => 0.5,
      online: () => network.up,
      unregister: () => Promise.resolve(true),
      close: () => Promise.resolve(),
      script: new URL(`${ORIGIN}/.blackhole/blackhole-sw.js`),
    },
    { site, relays: [ORIGIN], mode: 'hosted', sampleRate: 0, takeover: true, ...config },
  )
  await worker.start()
  return worker
}

interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly destination?: string
  readonly mode?: string
  readonly clientId?: string
  readonly resultingClientId?: string
  readonly signal?: AbortSignal
}

function ask(worker: SiteWorker, path: string, init: Ask = {}): Promise<Response> | undefined {
  const {
    method = 'GET',
    headers = {},
    destination = '',
    mode = 'cors',
    clientId = 'page',
    resultingClientId = '',
  } = init
  const signal = init.signal ?? new AbortController().signal
  const request = {
    url: new URL(path, ORIGIN).href,
    method,
    headers: new Headers(headers),
    destination,
    mode,
    signal,
    cache: 'default',
  }
  return worker.fetch({
    request,
    clientId,
    resultingClientId,
    waitUntil: (work: Promise<unknown>) => background.push(work),
  })
}

async function get(worker: SiteWorker, path: string, init: Ask = {}): Promise<Response> {
  const response = ask(worker, path, init)
  if (response === undefined) throw new Error(`${path} was left to the browser`)
  return await response
}

const navigation: Ask = { mode: 'navigate', destination: 'document', clientId: '', resultingClientId: 'new' }

/** A worker that knows the site. */
async function ready(config: Partial<WorkerConfig> = {}): Promise<SiteWorker> {
  const worker = await start(config)
  await worker.begin()
  network.requests.length = 0
  return worker
}

function source(response: Response): string | null {
  return response.headers.get('X-Blackhole-Source')
}

describe('a first visit', () => {
  it('is left to the browser: the worker adds nothing before it knows the site', async () => {
    const worker = await start()
    expect(ask(worker, '/app.js')).toBeUndefined()
    expect(ask(worker, '/', navigation)).toBeUndefined()
    expect(network.requests).toEqual([])
  })
})

describe('a file of a hosted site', () => {
  it('comes over HTTP once, and is then here', async () => {
    const worker = await ready()
    const first = await get(worker, '/app.js')
    expect(await first.text()).toBe('let app = 1')
    expect(source(first)).toBe('http')
    await Promise.all(background)
    network.up = false
    const second = await get(await start(), '/app.js')
    expect(await second.text()).toBe('let app = 1')
    expect(source(second)).toBe('local')
  })

  it('carries its CID as ETag, its type, its length and where it came from', async () => {
    const { headers } = await get(await ready(), '/app.js')
    expect(headers.get('ETag')).toBe(`"${content.manifest.files['app.js']?.cid ?? ''}"`)
    expect(headers.get('Content-Type')).toBe('text/javascript; charset=utf-8')
    expect(headers.get('Content-Length')).toBe('11')
    expect(headers.get('Server-Timing')).toMatch(/^blackhole;desc="http";dur=\d+/)
  })

  it('is byte for byte what was published, in one piece or many, with any name', async () => {
    const worker = await ready()
    for (const [path, bytes] of Object.entries(FILES)) {
      const response = await get(worker, `/${encodeURI(path)}`)
      const expected = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
      expect(Buffer.compare(await response.bytes(), expected), path).toBe(0)
    }
  })

  it('is fetched by the pieces that a range needs, and no others', async () => {
    const worker = await ready()
    const from = PIECE_BYTES - 2
    const response = await get(worker, '/big.bin', { headers: { Range: `bytes=${String(from)}-${String(from + 3)}` } })
    expect(response.status).toBe(206)
    expect(response.headers.get('Content-Range')).toBe(
      `bytes ${String(from)}-${String(from + 3)}/${String(big.length)}`,
    )
    expect([...(await response.bytes())]).toEqual([...big.subarray(from, from + 4)])
    expect(network.requests.length).toBe(2)
  })

  it('answers several ranges, suffixes and ranges that are not there', async () => {
    const worker = await ready()
    const several = await get(worker, '/big.bin', { headers: { Range: 'bytes=0-1,1048576-1048577,-2' } })
    expect(several.headers.get('Content-Type')).toMatch(/^multipart\/byteranges; boundary=/)
    const text = new TextDecoder('latin1').decode(await several.bytes())
    expect(text.length).toBe(Number(several.headers.get('Content-Length')))
    expect(text).toContain(`Content-Range: bytes 3146726-3146727/${String(big.length)}`)
    const beyond = await get(worker, '/big.bin', { headers: { Range: 'bytes=99999999-' } })
    expect([beyond.status, beyond.headers.get('Content-Range')]).toEqual([416, `bytes */${String(big.length)}`])
  })

  it('needs no piece for HEAD and for what the asker has', async () => {
    const worker = await ready()
    const head = await get(worker, '/app.js', { method: 'HEAD' })
    expect([head.status, head.body, head.headers.get('Content-Length')]).toEqual([200, null, '11'])
    const etag = head.headers.get('ETag') ?? ''
    expect((await get(worker, '/app.js', { headers: { 'If-None-Match': etag } })).status).toBe(304)
    expect(network.requests).toEqual([])
  })

  it('is mixed when a part of it was here', async () => {
    const worker = await ready()
    await (await get(worker, '/big.bin', { headers: { Range: 'bytes=0-9' } })).bytes()
    await Promise.all(background)
    const response = await get(worker, '/big.bin')
    expect(source(response)).toBe('mixed')
    expect((await response.bytes()).length).toBe(big.length)
  })

  it('redirects folders, and shows the 404 page for what is not there', async () => {
    const worker = await ready()
    const folder = await get(worker, '/docs?x=1')
    expect([folder.status, folder.headers.get('Location')]).toEqual([301, '/docs/?x=1'])
    const missing = await get(worker, '/nowhere/at/all')
    expect([missing.status, await missing.text()]).toEqual([404, '<h1>Nothing here</h1>'])
  })

  it('fails, and does not end short, when a piece can not be had in the middle', async () => {
    const worker = await ready()
    const last = content.manifest.files['big.bin']?.pieces?.at(-1) ?? ''
    network.answer = async (url) => (url.pathname.includes(last) ? Response.error() : await relay(url))
    const response = await get(worker, '/big.bin')
    expect(response.status).toBe(200)
    await expect(response.bytes()).rejects.toThrow()
  })

  it('is never what a relay makes up', async () => {
    const worker = await ready()
    network.answer = () => Promise.resolve(new Response('let app = 2'))
    const response = await get(worker, '/app.js')
    expect(response.status).toBe(504)
  })
})

describe('a navigation of a hosted site', () => {
  it('gets the loader tag, with an ETag of its own; what fetch gets stays as it was published', async () => {
    const worker = await ready()
    const page = await get(worker, '/', navigation)
    expect(await page.text()).toBe(String(FILES['index.html']).replace('<head>', `<head>${loaderTag(site)}`))
    expect(page.headers.get('Vary')).toBe('Sec-Fetch-Dest, Sec-Fetch-Mode')
    const fetched = await get(worker, '/')
    expect(await fetched.text()).toBe(FILES['index.html'])
    expect(fetched.headers.get('ETag')).not.toBe(page.headers.get('ETag'))
  })

  it('works offline with what is here, and says clearly what is not', async () => {
    await (await get(await ready(), '/', navigation)).text()
    await Promise.all(background)
    network.up = false
    const worker = await start()
    expect((await get(worker, '/', navigation)).status).toBe(200)
    const refused = await get(worker, '/docs/', navigation)
    expect(refused.status).toBe(504)
    expect(await refused.text()).toContain('Try again')
    const text = await get(worker, '/app.js')
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
  ])('is left to the browser: %s', async (_, path, init) => {
    expect(ask(await ready(), path, init)).toBeUndefined()
  })

  it('is everything once the visitor has opted out', async () => {
    const worker = await ready()
    const event = {
      data: { type: 'blackhole:opt-out', optedOut: true },
      source: { id: 'page' },
      ports: [],
      waitUntil: (work: Promise<unknown>) => background.push(work),
    }
    worker.message(event)
    await Promise.all(background)
    expect(ask(worker, '/app.js')).toBeUndefined()
    expect(ask(await start(), '/app.js')).toBeUndefined()
  })

  it('the manifest is content like any other', async () => {
    const response = await get(await ready(), '/.blackhole/manifest.json')
    expect(response.status).toBe(404)
  })
})

describe('content by CID', () => {
  it('is verified and served from the same relays', async () => {
    const worker = await ready()
    const response = await get(worker, `/ipfs/${content.root}/app.js`)
    expect([response.status, await response.text()]).toEqual([200, 'let app = 1'])
    expect(response.headers.get('ETag')).toBeTruthy()
    expect(['http', 'mixed']).toContain(source(response))
  })
})

describe('an existing site with a tag', () => {
  const tag = { mode: 'tag', relays: ['https://relay.example'] } as const

  /** An origin that serves the files, with changes. */
  function serveOrigin(changes: Record<string, string | undefined> = {}): void {
    network.answer = async (url, init) => {
      if (url.origin !== ORIGIN) return await relay(url)
      const path = url.pathname.slice(1)
      const body = path in changes ? changes[path] : FILES[path]
      if (body === undefined) return undefined
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body)
      const range = /bytes=(\d+)-(\d+)/.exec(new Headers(init.headers).get('Range') ?? '')
      if (range === null) return new Response(bytes)
      return new Response(bytes.slice(Number(range[1]), Number(range[2]) + 1), { status: 206 })
    }
  }

  it('gets its files from its own origin when nobody else has them, and leaves documents and other paths to it', async () => {
    const worker = await ready(tag)
    serveOrigin()
    const response = await get(worker, '/app.js', { destination: 'script' })
    expect([await response.text(), source(response)]).toEqual(['let app = 1', 'http'])
    expect(network.requests).toEqual(['/app.js'])
    expect((await (await get(worker, '/big.bin')).bytes()).length).toBe(big.length)
    expect(ask(worker, '/', navigation)).toBeUndefined()
    expect(ask(worker, '/docs/')).toBeUndefined()
    expect(ask(worker, '/cart')).toBeUndefined()
    expect(ask(worker, '/app.js?user=1')).toBeUndefined()
  })

  it('wins with what it serves now when it was redeployed without publishing', async () => {
    const worker = await ready(tag)
    serveOrigin({ 'app.js': 'let app = 2' })
    const response = await get(worker, '/app.js', { destination: 'script' })
    expect(await response.text()).toBe('let app = 2')
    await Promise.all(background)
    // From now on, and for the next worker too, nothing of this version is served.
    expect(ask(worker, '/empty.txt')).toBeUndefined()
    expect(ask(await start(tag), '/empty.txt')).toBeUndefined()
  })

  it('is noticed to have been redeployed by asking it now and then', async () => {
    serveOrigin()
    const worker = await ready({ ...tag, sampleRate: 1 })
    serveOrigin()
    await (await get(worker, '/app.js')).text()
    await Promise.all(background)
    serveOrigin({ 'app.js': undefined })
    const restarted = await start({ ...tag, sampleRate: 1 })
    expect(await (await get(restarted, '/app.js')).text()).toBe('let app = 1')
    await Promise.all(background)
    expect(ask(restarted, '/app.js')).toBeUndefined()
  })
})

describe('a page that hosts', () => {
  /** Opens a page that has these blocks, which announces itself to the worker and sends what it likes. */
  function openPage(
    worker: SiteWorker,
    blocks: (cid: string) => Promise<Uint8Array<ArrayBuffer> | undefined>,
  ): WorkerToPage[] {
    const received: WorkerToPage[] = []
    const { port1, port2 } = new MessageChannel()
    const channel = new ChannelPort<WorkerToPage, PageToWorker>(port1, {
      parse: parseWorkerMessage,
      onMessage: (message) => {
        received.push(message)
        if (message.type === 'request') void answer(message.id, message.cids[0] ?? '')
      },
    })
    const answer = async (id: number, cid: string): Promise<void> => {
      const bytes = await blocks(cid)
      if (bytes === undefined) {
        channel.send({ type: 'error', id, error: { name: 'NotFoundError', reason: 'missing', message: cid } })
      } else {
        channel.send({ type: 'chunk', id, cid, source: 'peers', data: bytes.slice().buffer })
      }
    }
    ports.push(channel)
    pages.push({ id: 'page', postMessage: () => undefined })
    worker.message({
      data: { type: 'blackhole:connect', version: CHANNEL_VERSION, site },
      source: { id: 'page' },
      ports: [port2],
      waitUntil: (work: Promise<unknown>) => background.push(work),
    })
    channel.send({ type: 'hello', version: CHANNEL_VERSION, role: 'host', peers: 1 })
    return received
  }

  it('brings pieces from peers, and no relay is asked', async () => {
    const worker = await ready()
    const received = openPage(worker, (cid) => content.readBlock(cid))
    await expect.poll(() => received.map(({ type }) => type)).toContain('counters')
    network.requests.length = 0
    const response = await get(worker, '/big.bin')
    expect(Buffer.compare(await response.bytes(), big)).toBe(0)
    expect(source(response)).toBe('peers')
    expect(network.requests).toEqual([])
    await expect.poll(() => state.counters()).toMatchObject({ peers: big.length })
  })

  it('can not bring wrong bytes: HTTP is asked instead', async () => {
    const worker = await ready()
    openPage(worker, () => Promise.resolve(new TextEncoder().encode('let app = 666')))
    const response = await get(worker, '/app.js')
    expect([await response.text(), source(response)]).toEqual(['let app = 1', 'http'])
  })

  it('hears of what came over HTTP, of counters and of streams', async () => {
    const worker = await ready()
    const received = openPage(worker, () => Promise.resolve(undefined))
    await (await get(worker, '/big.bin')).bytes()
    await expect
      .poll(() => received.map(({ type }) => type))
      .toEqual(expect.arrayContaining(['stored', 'counters', 'busy']))
    await expect
      .poll(() => received.filter(({ type }) => type === 'busy'))
      .toEqual([
        { type: 'busy', busy: true },
        { type: 'busy', busy: false },
      ])
  })

  it('is waited for when the relay serves no content', async () => {
    const worker = await ready()
    network.answer = () => Promise.resolve(new Response('no content here', { status: 503 }))
    pages.push({ id: 'loading', postMessage: () => undefined })
    const response = get(worker, '/app.js')
    await expect.poll(() => network.requests.length).toBeGreaterThan(0)
    openPage(worker, (cid) => content.readBlock(cid))
    expect(source(await response)).toBe('peers')
  })

  it('is told when nobody needs the rest of a body', async () => {
    const worker = await ready()
    const received = openPage(worker, async (cid) =>
      cid === content.manifest.files['big.bin']?.pieces?.[0]
        ? await content.readBlock(cid)
        : await new Promise(() => undefined),
    )
    const response = await get(worker, '/big.bin')
    await response.body?.cancel()
    await expect.poll(() => received.filter(({ type }) => type === 'cancel').length).toBeGreaterThan(0)
  })
})
