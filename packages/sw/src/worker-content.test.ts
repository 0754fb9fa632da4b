import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BIG, NAVIGATION, ORIGIN, TestWorld, publishFiles, sourceHeader } from './worker-world.ts'
import type { PublishedSite } from './worker-world.ts'

const MISSING = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

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

/** The headers that keep what anybody uploaded from acting as the site. */
function isSandboxed({ headers }: Response): boolean {
  return headers.get('Content-Security-Policy') === 'sandbox' && headers.get('X-Content-Type-Options') === 'nosniff'
}

describe('content by CID on a hosted site', () => {
  it('is sandboxed, be it a document, a part, a folder or an error', async () => {
    const worker = await world.ready()
    const at = `/ipfs/${site.content.root}`
    const asked = [
      [`${at}/index.html`, NAVIGATION, 200],
      [`${at}/index.html`, { ...NAVIGATION, destination: 'iframe' }, 200],
      [`${at}/app.js`, { destination: 'script' }, 200],
      [`${at}/big.bin`, { headers: { Range: 'bytes=0-1' } }, 206],
      [`${at}/docs`, {}, 301],
      [`${at}/nowhere`, NAVIGATION, 404],
    ] as const
    for (const [path, init, status] of asked) {
      const response = await world.get(worker, path, init)
      expect([path, response.status, isSandboxed(response)]).toEqual([path, status, true])
    }
  })

  it('has the type that a script needs, since nobody guesses it', async () => {
    const script = await world.get(await world.ready(), `/ipfs/${site.content.root}/app.js`)
    expect(script.headers.get('Content-Type')).toMatch(/^text\/javascript/)
  })

  it('as a document by a name is left to the relay, which sends it to the origin of its site', async () => {
    const worker = await world.ready()
    expect(world.ask(worker, `/ipns/${site.name}/index.html`, NAVIGATION)).toBeUndefined()
    expect(world.ask(worker, '/ipns/docs.example/', NAVIGATION)).toBeUndefined()
  })

  it('gets no tag when the relay answers it: the page is not of this site', async () => {
    const worker = await world.ready()
    world.network.answer = () =>
      Promise.resolve(new Response('<head></head>', { headers: { 'Content-Type': 'text/html' } }))
    const page = await world.get(worker, `/ipfs/${MISSING}`, NAVIGATION)
    expect(await page.text()).toBe('<head></head>')
  })

  it('is not what the manifest is', async () => {
    const manifest = await world.get(await world.ready(), '/.blackhole/manifest.json')
    expect(isSandboxed(manifest)).toBe(false)
  })
})

describe('an origin with a tag that has paths of its own below /ipfs and /ipns', () => {
  const tag = { mode: 'tag', relays: ['https://relay.example'] } as const

  it('answers them, and all documents, and what it has an account for', async () => {
    const worker = await world.ready(tag)
    const at = `/ipfs/${site.content.root}`
    for (const [path, init] of [
      ['/ipfs/about', {}],
      ['/ipfs/bafyabout/style.css', { destination: 'style' }],
      ['/ipns/docs.example/a.css', { destination: 'style' }],
      ['/ipns/k51tutorial', {}],
      [`${at}/index.html`, NAVIGATION],
      [`/ipns/${site.name}/`, { ...NAVIGATION, destination: 'iframe' }],
      [`${at}/app.js`, { headers: { Authorization: 'Bearer x' } }],
    ] as const)
      expect(world.ask(worker, path, init), path).toBeUndefined()
  })

  it('is asked for what is content, but nobody has', async () => {
    const worker = await world.ready(tag)
    world.network.answer = async (url) =>
      url.origin === ORIGIN ? new Response(`its own ${url.pathname}`) : await world.relay(url)
    for (const path of [`/ipfs/${MISSING}`, `/ipfs/${site.content.root}/of-its-own.css`]) {
      const response = await world.get(worker, path)
      expect([response.status, await response.text(), isSandboxed(response)]).toEqual([200, `its own ${path}`, false])
    }
  })

  it('gets content by CID from relays, sandboxed, until it was redeployed without publishing', async () => {
    const worker = await world.ready(tag)
    const path = `/ipfs/${site.content.root}/big.bin`
    const response = await world.get(worker, path)
    expect([sourceHeader(response), isSandboxed(response)]).toEqual(['http', true])
    expect(Buffer.compare(await response.bytes(), BIG)).toBe(0)
    const etag = response.headers.get('ETag') ?? ''
    expect((await world.get(worker, path, { headers: { 'If-None-Match': etag } })).status).toBe(304)
    await world.state.setOriginStale(site.content.root, true)
    expect(world.ask(await world.start(tag), path)).toBeUndefined()
  })
})
