import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assetPathOf, pathnameOf } from './asset-path.ts'
import { download } from './download.ts'
import { resolveBySystem } from './origin-request.ts'
import type { ResolveHost } from './origin-request.ts'
import { isPublicAddress } from './public-address.ts'

describe('addresses', () => {
  test.each([
    ...['127.0.0.1', '127.255.0.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
    ...['100.64.0.1', '0.0.0.0', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255', '192.0.2.1', '198.18.0.1'],
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1'],
    ...['2001::1', '3fff::1', 'localhost', '2130706433', '0x7f.1', ''],
  ])('%s is not of the internet', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '192.167.255.255', '2606:4700::1111', '2a00:1450:4001::200e'])(
    '%s is',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )
})

describe('an origin', () => {
  let server: Server
  let folder: string
  let seen: { url: string; headers: NodeJS.Dict<string | string[]> }[]
  let answer: RequestListener

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blackhole-pull-'))
    seen = []
    server = createServer((request, response) => {
      seen.push({ url: request.url ?? '', headers: request.headers })
      answer(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    answer = (_, response) => response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('asset')
  })

  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true })
  })

  const port = (): number => (server.address() as AddressInfo).port

  async function ask(
    host: string,
    options: { resolve?: ResolveHost; allowPrivate?: boolean; maxBytes?: number; path?: string } = {},
  ) {
    const { resolve = resolveBySystem, allowPrivate = false, maxBytes = 1000, path = '/app.js' } = options
    return await download(
      { resolve, now: Date.now },
      {
        url: new URL(`http://${host}:${String(port())}${path}`),
        file: join(folder, 'body'),
        allowPrivate,
        maxBytes,
        signal: AbortSignal.timeout(10_000),
      },
    )
  }

  test('on this machine or in its network is not asked, by whatever name or spelling', async () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0'])
      await expect(ask(host), host).rejects.toMatchObject({ reason: 'forbidden', subject: 'allowPrivate' })
    const inside =
      (address: string, family: number): ResolveHost =>
      () =>
        Promise.resolve([{ address, family }])
    for (const resolve of [inside('10.0.0.1', 4), inside('::ffff:10.0.0.1', 6), inside('fe80::1', 6)])
      await expect(ask('site.example', { resolve })).rejects.toMatchObject({ reason: 'forbidden' })
    const mixed: ResolveHost = () =>
      Promise.resolve([
        { address: '8.8.8.8', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ])
    await expect(ask('site.example', { resolve: mixed })).rejects.toMatchObject({ reason: 'forbidden' })
    expect(seen).toEqual([])
  })

  test('is asked at the address that was checked: the name is resolved once, whatever it stands for a moment later', async () => {
    let asked = 0
    const rebinding: ResolveHost = () =>
      Promise.resolve([{ address: asked++ === 0 ? '127.0.0.1' : '192.0.2.1', family: 4 }])
    // No resolver of the system knows this name: the connection can only go where the check went.
    expect((await ask('rebinding.invalid', { resolve: rebinding, allowPrivate: true })).bytes).toBe(5)
    expect(asked).toBe(1)
    expect(seen[0]?.headers['host']).toBe(`rebinding.invalid:${String(port())}`)
  })

  test('gets a question without cookies, and its whole body is kept', async () => {
    const { head, bytes } = await ask('127.0.0.1', { allowPrivate: true })
    expect([head.status, bytes, await readFile(join(folder, 'body'), 'utf8')]).toEqual([200, 5, 'asset'])
    expect(Object.keys(seen[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
    expect(seen[0]?.headers['accept-encoding']).toBe('identity')
  })

  test('is not followed to where it redirects', async () => {
    answer = (_, response) => response.writeHead(302, { Location: 'http://169.254.169.254/' }).end()
    expect(await ask('127.0.0.1', { allowPrivate: true })).toMatchObject({ head: { status: 302 }, bytes: undefined })
    expect(seen.length).toBe(1)
  })

  test('that says too much, less than it promised, or not how much, is refused', async () => {
    const fresh = { 'Cache-Control': 'max-age=60' }
    answer = (_, response) => response.writeHead(200, { ...fresh, 'Content-Length': 2000 }).end(Buffer.alloc(2000))
    await expect(ask('127.0.0.1', { allowPrivate: true })).rejects.toMatchObject({ name: 'LimitError' })
    answer = (_, response) => response.writeHead(200, fresh).end(Buffer.alloc(2000))
    await expect(ask('127.0.0.1', { allowPrivate: true })).rejects.toMatchObject({ name: 'LimitError' })
    answer = (_, response) => {
      response.writeHead(200, { ...fresh, 'Content-Length': 900 }).write(Buffer.alloc(100), () => response.destroy())
    }
    await expect(ask('127.0.0.1', { allowPrivate: true })).rejects.toMatchObject({ reason: 'unavailable' })
    answer = (_, response) => {
      response.socket?.end('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nConnection: close\r\n\r\npart')
    }
    await expect(ask('127.0.0.1', { allowPrivate: true })).rejects.toThrow(/does not say how long/)
  })
})

describe('paths', () => {
  test.each([
    ['/app.js', 'app.js'],
    ['/a/b%20c.js', 'a/b c.js'],
    ['/%20a%20', ' a '],
    ['/a%C2%A0b.js', 'a\u00a0b.js'],
    ['/a%0Ab.js', undefined],
    ['/a%09b.js', undefined],
    ['/a b.js', undefined],
    ['/a+b.js', 'a+b.js'],
    ['/na%C3%AFve.png', 'naïve.png'],
    ['/100%25.png', '100%.png'],
    ['/what%3F.png', 'what?.png'],
    ['/%61pp.js', undefined],
    ['/a%2Fb.js', undefined],
    ['/a//b.js', undefined],
    ['/a/', undefined],
    ['/', undefined],
    ['/../a.js', undefined],
    ['/%2e%2e/a.js', undefined],
    ['/index.html', undefined],
    ['/.well-known/blackhole.json', undefined],
    ['/.blackhole/manifest.json', undefined],
    ['/_headers', undefined],
    ['/a/*.js', undefined],
    ['/:name/x', undefined],
    ['/%E0%A4%A', undefined],
    ['app.js', undefined],
  ])('%s', (pathname, path) => {
    if (path === undefined)
      expect(() => assetPathOf(pathname)).toThrow(expect.objectContaining({ name: 'ValidationError' }))
    else expect([assetPathOf(pathname), pathnameOf(path)]).toEqual([path, pathname])
  })
})
