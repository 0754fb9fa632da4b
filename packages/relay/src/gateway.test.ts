import { readdir, readFile, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { CarReader } from '@ipld/car/reader'
import { base32upper } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONTENT_TYPES, PIECE_BYTES, RECORD_PRELOAD, relayPaths } from '@blackhole/protocol'
import { loaderTag } from '@blackhole/site'
import type { SiteImport } from '@blackhole/site'
import { importFiles, newPublisher, publish, startTestRelay } from './relay-harness.ts'
import type { Publisher, TestRelay } from './relay-harness.ts'

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

const NAVIGATE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const BIG = new Uint8Array(PIECE_BYTES * 2 + 100).map((_, at) => (at * 31) % 251)

/** What a cache must compare of a request before it gives this answer again. */
const varies = ({ headers }: Answer): string[] =>
  String(headers['vary'] ?? '')
    .split(', ')
    .filter((name) => name !== '')

describe('the gateway', () => {
  let relay: TestRelay
  let owner: Publisher
  let site: SiteImport

  beforeAll(async () => {
    owner = await newPublisher()
    relay = await startTestRelay(
      { aliases: { docs: owner.name, 'example.com': owner.name }, dnslink: true },
      {
        resolveTxt: (name) =>
          name === '_dnslink.linked.example'
            ? Promise.resolve([[`dnslink=/ipns/${owner.name}`]])
            : Promise.reject(new Error('NXDOMAIN')),
      },
    )
    site = await importFiles({
      'index.html': '<!doctype html><html><head><title>Hi</title></head><body>Hello</body></html>',
      'own.html': '<html><head><script src="https://relay.example/blackhole.js"></script></head></html>',
      'big.bin': BIG,
      'large.html': `<html><head></head><body>${'x'.repeat(PIECE_BYTES)}${'y'.repeat(5000)}`,
      'empty.txt': '',
      'a b/ü.txt': 'encoded',
      healthz: "the site's own",
      '404.html': '<p>not here</p>',
      _redirects: '/old /index.html 301\n/app/* /index.html 200\n',
      _headers: '/*\n  X-Site: yes\n',
      ...Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`many/${String(at)}.txt`, `file ${String(at)}`])),
    })
    expect((await publish(relay, owner, site)).response.status).toBe(200)
  })

  afterAll(() => relay.stop())

  /** Fetches with a Host header of its own, which `fetch` doesn't allow. */
  const at = (host: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const url = new URL(relay.relay.url)
      const request = httpRequest(
        { host: '127.0.0.1', port: url.port, path, method, headers: { host, ...headers } },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
          })
          response.on('error', reject)
        },
      )
      request.on('error', reject)
      request.end()
    })
  const onSite = (path: string, headers?: Record<string, string>, method?: string): Promise<Answer> =>
    at(`${owner.name}.localhost:8080`, path, headers, method)

  describe("on a site's origin", () => {
    test('fetch gets published bytes, a navigation the document with a loader tag', async () => {
      const plain = await onSite('/')
      expect(plain.body.toString()).toBe('<!doctype html><html><head><title>Hi</title></head><body>Hello</body></html>')
      const page = await onSite('/', NAVIGATE)
      expect(page.body.toString()).toBe(
        `<!doctype html><html><head><title>Hi</title>${loaderTag(owner.name)}</head><body>Hello</body></html>`,
      )
      expect(page.headers['vary']).toContain('Sec-Fetch-Dest')
      expect(page.headers['etag']).not.toBe(plain.headers['etag'])
      expect(plain.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'x-site': 'yes',
        'x-content-type-options': 'nosniff',
      })
    })

    test('a cache between may keep a document for who asks in the same way, and the rest for all', async () => {
      const asked = ['Sec-Fetch-Dest', 'Sec-Fetch-Mode', 'Service-Worker-Navigation-Preload']
      for (const headers of [{}, NAVIGATE]) expect(varies(await onSite('/', headers))).toEqual(asked)
      const unchanged = await onSite('/', {
        ...NAVIGATE,
        'if-none-match': String((await onSite('/', NAVIGATE)).headers['etag']),
      })
      expect([unchanged.status, varies(unchanged)]).toEqual([304, asked])
      expect(varies(await onSite('/big.bin'))).toEqual([])
      // A browser that looks for an icon by itself is told in short that there is none.
      const icon = await onSite('/favicon.ico', { 'sec-fetch-dest': 'image' })
      expect([icon.status, varies(icon)]).toEqual([204, ['Sec-Fetch-Dest']])
      expect((await onSite('/favicon.ico')).status).toBe(404)
      const record = await onSite('/', { 'service-worker-navigation-preload': RECORD_PRELOAD, ...NAVIGATE })
      expect(varies(record)).toEqual(['Service-Worker-Navigation-Preload'])
      // Only a navigation's own request is preloaded, and that is a GET.
      const head = await onSite('/', { 'service-worker-navigation-preload': RECORD_PRELOAD, ...NAVIGATE }, 'HEAD')
      expect(head.headers['content-type']).toContain('text/html')
    })

    test("a worker's question for the record, asked with the document's address, is answered with the record", async () => {
      const asked = await onSite('/index.html', { 'service-worker-navigation-preload': RECORD_PRELOAD, ...NAVIGATE })
      expect(asked.headers).toMatchObject({
        'content-type': 'application/vnd.ipfs.ipns-record',
        'cache-control': 'no-store',
      })
      const record = await onSite(relayPaths.record(owner.name))
      expect(Buffer.compare(asked.body, record.body)).toBe(0)
      // Another worker's header is its own affair.
      const other = await onSite('/index.html', { 'service-worker-navigation-preload': 'true', ...NAVIGATE })
      expect(other.headers['content-type']).toContain('text/html')
    })

    test('a document with a loader tag of its own stays as it is', async () => {
      const page = await onSite('/own.html', NAVIGATE)
      expect(page.body.toString()).toBe(
        '<html><head><script src="https://relay.example/blackhole.js"></script></head></html>',
      )
    })

    test('ranges, single, several and beyond the end', async () => {
      const middle = await onSite('/big.bin', { range: `bytes=${String(PIECE_BYTES - 5)}-${String(PIECE_BYTES + 4)}` })
      expect(middle.status).toBe(206)
      expect(middle.headers['content-range']).toBe(
        `bytes ${String(PIECE_BYTES - 5)}-${String(PIECE_BYTES + 4)}/${String(BIG.length)}`,
      )
      expect(middle.body).toEqual(Buffer.from(BIG.subarray(PIECE_BYTES - 5, PIECE_BYTES + 5)))
      const suffix = await onSite('/big.bin', { range: 'bytes=-7' })
      expect(suffix.body).toEqual(Buffer.from(BIG.subarray(-7)))
      const several = await onSite('/big.bin', { range: 'bytes=0-1,1000000-1000002' })
      expect(several.headers['content-type']).toMatch(/^multipart\/byteranges/)
      expect(several.body.byteLength).toBe(Number(several.headers['content-length']))
      expect((await onSite('/big.bin', { range: 'bytes=99999999-' })).status).toBe(416)
      expect((await onSite('/big.bin')).body.equals(BIG)).toBe(true)
    })

    test('conditions, HEAD, empty files, encoded names, redirects, rewrites, the 404 page', async () => {
      const { headers } = await onSite('/big.bin', {}, 'HEAD')
      expect(headers['content-length']).toBe(String(BIG.length))
      expect((await onSite('/big.bin', { 'if-none-match': String(headers['etag']) })).status).toBe(304)
      const empty = await onSite('/empty.txt')
      expect([empty.status, empty.body.byteLength, empty.headers['content-length']]).toEqual([200, 0, '0'])
      expect((await onSite('/a%20b/%C3%BC.txt')).body.toString()).toBe('encoded')
      const moved = await onSite('/old')
      expect([moved.status, moved.headers['location']]).toEqual([301, '/index.html'])
      expect((await onSite('/app/deep/link')).body.toString()).toContain('Hello')
      const lost = await onSite('/nowhere')
      expect([lost.status, lost.body.toString()]).toEqual([404, '<p>not here</p>'])
      const icon = async (headers = {}): Promise<number> => (await onSite('/favicon.ico', headers)).status
      expect([await icon(), await icon({ 'sec-fetch-dest': 'image' })]).toEqual([404, 204])
      expect((await onSite('/healthz')).body.toString()).toBe("the site's own")
      expect(JSON.parse((await onSite('/.blackhole/manifest.json')).body.toString())).toMatchObject({ sequence: 1 })
    })

    test('aliases, custom domains and DNSLink lead to it; other hosts are refused', async () => {
      for (const host of ['docs.localhost:8080', 'example.com', 'linked.example', `${owner.name}.LOCALHOST.`]) {
        expect((await at(host, '/empty.txt')).status, host).toBe(200)
      }
      const rebound = await at('evil.example', '/.blackhole/api/v1/sites')
      expect(rebound.status).toBe(421)
    })

    test('a site that is not held is said to be so, as a page for people', async () => {
      const stranger = await newPublisher()
      const unknown = await at(`${stranger.name}.localhost`, '/', NAVIGATE)
      expect(unknown.status).toBe(404)
      expect(unknown.body.toString()).toContain('<h1 id="title">Nobody here has this site</h1>')
      // Nothing that would go on asking: the relay gives no tokens for it.
      expect(unknown.body.toString()).not.toContain('<script')
      // Through a worker only this is left of a navigation.
      const worker = { 'sec-fetch-dest': 'empty', accept: 'text/html,application/xhtml+xml;q=0.9' }
      const through = await at(`${stranger.name}.localhost`, '/', worker)
      expect(through.headers['content-type']).toContain('text/html')
      expect((await at(`${stranger.name}.localhost`, '/x.js')).headers['content-type']).toContain('text/plain')
    })
  })

  describe('trustless', () => {
    test('raw: any block, as it hashes', async () => {
      const cid = site.manifest.files['index.html']?.cid ?? ''
      for (const answer of [
        await at('localhost', `/ipfs/${cid}?format=raw`),
        await onSite(`/ipfs/${cid}`, { accept: CONTENT_TYPES.raw }),
      ]) {
        expect(answer.headers).toMatchObject({
          'content-type': CONTENT_TYPES.raw,
          'access-control-allow-origin': '*',
          'cache-control': expect.stringContaining('immutable'),
          'content-disposition': expect.stringContaining('attachment'),
        })
        expect((await sha256.digest(answer.body)).digest).toEqual(CID.parse(cid).multihash.digest)
      }
      const root = await at('localhost', `/ipfs/${site.root}/many?format=raw`)
      expect(root.status).toBe(200)
      expect(
        (await at('localhost', '/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy?format=raw')).status,
      ).toBe(404)
      expect((await at('localhost', '/ipfs/nonsense?format=raw')).status).toBe(400)
      expect((await at('localhost', `/ipfs/${cid}?format=tar`)).status).toBe(400)
    })

    const blocksOf = async (answer: Answer): Promise<{ cids: string[]; roots: string[] }> => {
      const reader = await CarReader.fromBytes(answer.body)
      const cids: string[] = []
      for await (const { cid, bytes } of reader.blocks()) {
        expect((await sha256.digest(bytes)).digest).toEqual(cid.multihash.digest)
        cids.push(cid.toString())
      }
      return { cids, roots: (await reader.getRoots()).map(String) }
    }

    test('car: everything, one entity, one block, and a byte range', async () => {
      const all = await at('localhost', `/ipfs/${site.root}?format=car`)
      expect(all.headers['content-type']).toBe(`${CONTENT_TYPES.car}; version=1; order=dfs; dups=n`)
      const whole = await blocksOf(all)
      expect(whole.roots).toEqual([site.root])
      expect(whole.cids).toHaveLength(site.blocks.size)
      expect(whole.cids[0]).toBe(site.root)

      const file = site.manifest.files['big.bin']
      const entity = await blocksOf(await at('localhost', `/ipfs/${site.root}/big.bin?format=car&dag-scope=entity`))
      expect(entity.cids).toEqual([site.root, file?.cid, ...(file?.pieces ?? [])])
      const block = await blocksOf(
        await at('localhost', `/ipns/${owner.name}/big.bin`, { accept: `${CONTENT_TYPES.car}; version=1` }).then(() =>
          at('localhost', `/ipfs/${site.root}/big.bin?format=car&dag-scope=block`),
        ),
      )
      expect(block.cids).toEqual([site.root, file?.cid])
      const range = await blocksOf(
        await at(
          'localhost',
          `/ipfs/${String(file?.cid)}?format=car&dag-scope=entity&entity-bytes=${String(PIECE_BYTES)}:${String(PIECE_BYTES + 1)}`,
        ),
      )
      expect(range.cids).toEqual([file?.cid, file?.pieces?.[1]])
      const folder = await blocksOf(await at('localhost', `/ipfs/${site.root}/many?format=car&dag-scope=entity`))
      expect(folder.cids).toHaveLength(2)
      expect((await at('localhost', `/ipfs/${site.root}?format=car&dag-scope=some`)).status).toBe(400)
    })

    test('ipns-record: the record as it was signed', async () => {
      const answer = await at('localhost', `/ipns/${owner.name}?format=ipns-record`)
      expect(answer.headers['content-type']).toBe(CONTENT_TYPES.record)
      const api = await relay.fetch(`/.blackhole/api/v1/sites/${owner.name}/record`)
      expect(answer.body).toEqual(Buffer.from(await api.arrayBuffer()))
    })
  })

  describe('by path', () => {
    test('files come sandboxed and with their types; a navigation to a name goes to its own origin', async () => {
      const page = await at('localhost', `/ipfs/${site.root}/`)
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': 'sandbox',
        'x-ipfs-roots': site.root,
      })
      expect(page.body.toString()).not.toContain('blackhole.js')
      const range = await at('localhost', `/ipfs/${site.root}/big.bin`, { range: 'bytes=5-9' })
      expect([range.status, range.body]).toEqual([206, Buffer.from(BIG.subarray(5, 10))])
      const navigated = await at('localhost', `/ipns/${owner.name}/many/1.txt?x=1`, NAVIGATE)
      expect([navigated.status, navigated.headers['location']]).toEqual([
        302,
        `${relay.relay.siteUrl(owner.name)}many/1.txt?x=1`,
      ])
      expect((await at('localhost', `/ipns/${owner.name}/many/1.txt`)).body.toString()).toBe('file 1')
      const folder = await at('localhost', `/ipfs/${site.root}`)
      expect([folder.status, folder.headers['location']]).toEqual([301, `/ipfs/${site.root}/`])
      expect((await at('localhost', `/ipfs/${site.root}/nope`)).status).toBe(404)
      expect((await at('localhost', `/ipfs/${site.root}/index.html`, { 'service-worker': 'script' })).status).toBe(400)
    })
  })

  test('one address of content has many answers: no cache between may give one for the other', async () => {
    const accept = (type: string): Record<string, string> => ({ accept: type })
    const path = `/ipfs/${site.root}/big.bin`
    expect(varies(await at('localhost', path))).toEqual(['Accept', 'Service-Worker'])
    for (const type of [CONTENT_TYPES.raw, CONTENT_TYPES.car]) {
      const answer = await at('localhost', path, accept(type))
      expect([answer.status, String(answer.headers['content-type']).split(';')[0]]).toEqual([200, type])
      expect(varies(answer)).toEqual(['Accept'])
      const unchanged = await at('localhost', path, {
        ...accept(type),
        'if-none-match': String(answer.headers['etag']),
      })
      expect([unchanged.status, varies(unchanged)]).toEqual([304, ['Accept']])
    }
    const named = `/ipns/${owner.name}/many/1.txt`
    expect(varies(await at('localhost', named))).toEqual([
      'Accept',
      'Service-Worker',
      'Sec-Fetch-Dest',
      'Sec-Fetch-Mode',
    ])
    expect(varies(await at('localhost', `/ipns/${owner.name}`, accept(CONTENT_TYPES.record)))).toEqual(['Accept'])
    // Where the address says it, there is one answer.
    for (const format of ['raw', 'car']) expect(varies(await at('localhost', `${path}?format=${format}`))).toEqual([])
  })

  test('content bytes are counted; the operator can turn content off and on', async () => {
    const bytes = async (): Promise<number> =>
      Number(
        /^blackhole_content_bytes_total\{transport="http"\} (\d+)$/m.exec(
          await (await relay.fetch('/metrics')).text(),
        )?.[1],
      )
    const before = await bytes()
    await onSite('/big.bin')
    expect((await bytes()) - before).toBe(BIG.length)

    const admin = (await readFile(`${relay.data}/admin-token`, 'utf8')).trim()
    const turn = (serving: boolean, token = admin): Promise<Response> =>
      relay.fetch('/.blackhole/api/v1/admin/content', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ serving }),
      })
    expect((await turn(false, 'wrong')).status).toBe(403)
    expect(await (await turn(false)).json()).toEqual({ serving: false })
    const off = await bytes()
    const page = await onSite('/', NAVIGATE)
    expect([page.status, page.headers['x-blackhole-bootstrap']]).toEqual([200, 'off'])
    expect(page.body.toString()).toContain(loaderTag(owner.name))
    expect((await onSite('/big.bin')).status).toBe(503)
    expect((await at('localhost', `/ipfs/${site.root}?format=raw`)).status).toBe(503)
    expect((await at('localhost', `/ipns/${owner.name}?format=ipns-record`)).status).toBe(200)
    expect((await relay.fetch(`/.blackhole/api/v1/sites/${owner.name}/record`)).status).toBe(200)
    expect(await bytes()).toBe(off)
    expect((await turn(true)).status).toBe(200)
    expect((await onSite('/big.bin')).status).toBe(200)
  })

  test('a file one of whose pieces is gone ends in an error, never as if it were complete', async () => {
    // Nobody has asked for these before: what was read once stays in memory.
    const other = await newPublisher()
    const lost = await importFiles({
      'big.bin': BIG.map((byte) => 255 - byte),
      'large.html': `<html><head></head><body>${'x'.repeat(PIECE_BYTES)}${'z'.repeat(5000)}`,
    })
    expect((await publish(relay, other, lost)).response.status).toBe(200)
    const get = (path: string, headers?: Record<string, string>): Promise<Answer> =>
      at(`${other.name}.localhost:8080`, path, headers)

    const names = await readdir(`${relay.data}/blocks`, { recursive: true })
    for (const path of ['big.bin', 'large.html']) {
      const piece = CID.parse(lost.manifest.files[path]?.pieces?.[1] ?? '')
      const file = names.find((name) => name.includes(base32upper.encode(piece.multihash.bytes))) ?? ''
      await rm(`${relay.data}/blocks/${file}`)
    }
    // With the loader tag added the length isn't known beforehand: only the missing end of the chunks tells.
    await expect(get('/large.html', NAVIGATE)).rejects.toThrow()
    await expect(get('/big.bin')).rejects.toThrow()
    expect((await get('/big.bin', { range: `bytes=${String(PIECE_BYTES)}-` })).status).toBe(503)
    expect((await get('/big.bin', { range: 'bytes=0-9' })).status).toBe(206)
  })
})
