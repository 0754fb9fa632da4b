import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { BIG, FILES, NAVIGATION, ORIGIN, TestWorld, publishFiles, sourceHeader } from './worker-world.ts'
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

describe('an existing site with a tag', () => {
  const tag = { mode: 'tag', relays: ['https://relay.example'] } as const

  /** An origin that serves the files, with changes. */
  function serveOrigin(changes: Record<string, string | Uint8Array | undefined> = {}): void {
    world.network.answer = async (url, init) => {
      if (url.origin !== ORIGIN) return await world.relay(url)
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
    const worker = await world.ready(tag)
    serveOrigin()
    const response = await world.get(worker, '/app.js', { destination: 'script' })
    expect([await response.text(), sourceHeader(response)]).toEqual(['let app = 1', 'http'])
    expect(world.network.requests).toEqual(['/app.js'])
    expect((await (await world.get(worker, '/big.bin')).bytes()).length).toBe(BIG.length)
    expect(world.ask(worker, '/', NAVIGATION)).toBeUndefined()
    expect(world.ask(worker, '/docs/')).toBeUndefined()
    expect(world.ask(worker, '/cart')).toBeUndefined()
    expect(world.ask(worker, '/app.js?user=1')).toBeUndefined()
  })

  it('wins with what it serves now when it was redeployed without publishing', async () => {
    const worker = await world.ready(tag)
    serveOrigin({ 'app.js': 'let app = 2' })
    const response = await world.get(worker, '/app.js', { destination: 'script' })
    expect(await response.text()).toBe('let app = 2')
    await Promise.all(world.background)
    // From now on, and for the next worker too, nothing of this version is served.
    expect(world.ask(worker, '/empty.txt')).toBeUndefined()
    expect(world.ask(await world.start(tag), '/empty.txt')).toBeUndefined()
  })

  it('is noticed to have been redeployed by asking it now and then', async () => {
    serveOrigin()
    const worker = await world.ready({ ...tag, sampleRate: 1 })
    serveOrigin()
    await (await world.get(worker, '/app.js')).text()
    await Promise.all(world.background)
    serveOrigin({ 'app.js': undefined })
    world.laterMs = 10_000
    const restarted = await world.start({ ...tag, sampleRate: 1 })
    expect(await (await world.get(restarted, '/app.js')).text()).toBe('let app = 1')
    await Promise.all(world.background)
    expect(world.ask(restarted, '/app.js')).toBeUndefined()
  })

  it('is asked no more often because the browser starts the worker anew for each page', async () => {
    serveOrigin()
    const config = { ...tag, sampleRate: 0.02 }
    await (await world.get(await world.ready(config), '/app.js')).text()
    await Promise.all(world.background)
    const asked = async (laterMs: number): Promise<number> => {
      world.laterMs = laterMs
      world.network.requests.length = 0
      const worker = await world.start(config)
      for (const path of ['/app.js', '/empty.txt', '/app.js']) await (await world.get(worker, path)).text()
      await Promise.all(world.background)
      return world.network.requests.filter((path) => path === '/app.js').length
    }
    await asked(0)
    expect([await asked(0), await asked(9 * 60_000), await asked(10 * 60_000), await asked(10 * 60_000)]).toEqual([
      0, 0, 1, 0,
    ])
    // A clock that was set back by a year keeps nobody from asking until then.
    expect(await asked(-365 * 86_400_000)).toBe(1)
  })

  it('wins from the next time on when only the end of a large file is another', async () => {
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const worker = await world.ready(tag)
    const changed = BIG.slice()
    changed[BIG.length - 1] = 1 ^ (BIG.at(-1) ?? 0)
    serveOrigin({ 'big.bin': changed })
    const broken = await world.get(worker, '/big.bin')
    await expect(broken.bytes()).rejects.toThrow()
    expect(complaints.mock.calls.flat()).toEqual([expect.stringMatching(/broke off after \d+ .* OriginChangedError: /)])
    complaints.mockRestore()
    await Promise.all(world.background)
    expect(world.ask(worker, '/big.bin')).toBeUndefined()
    expect(world.ask(await world.start(tag), '/big.bin')).toBeUndefined()
  })
})
