import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { BIG, NAVIGATION, TestWorld, publishFiles, sourceHeader } from './worker-world.ts'
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

describe('a page that hosts', () => {
  it('brings pieces from peers, and no relay is asked', async () => {
    // Peers are given the time that a relay far away takes, on a machine however busy.
    const answer = world.network.answer
    world.network.answer = (url, init) => {
      if (url.pathname.startsWith('/ipfs/')) world.laterMs += 5_000
      return answer(url, init)
    }
    world.sleep = (ms, options) => systemClock.sleep(50 * ms, options)
    const worker = await world.ready()
    const received = world.openPage(worker, (cid) => site.content.readBlock(cid))
    await expect.poll(() => received.map(({ type }) => type)).toContain('counters')
    world.network.requests.length = 0
    const response = await world.get(worker, '/big.bin')
    expect(Buffer.compare(await response.bytes(), BIG)).toBe(0)
    expect(sourceHeader(response)).toBe('peers')
    expect(world.network.requests.filter((path) => path.startsWith('/ipfs/'))).toEqual([])
    await expect.poll(() => world.state.counters()).toMatchObject({ peers: BIG.length })
  })

  it('answers a reload of what was sent past the worker: the relay may serve no content by now', async () => {
    const worker = await world.ready()
    const received = world.openPage(worker, (cid) => site.content.readBlock(cid))
    await expect.poll(() => received.map(({ type }) => type)).toContain('counters')
    const response = await world.get(worker, '/big.bin?blackhole=network', NAVIGATION)
    expect(Buffer.compare(await response.bytes(), BIG)).toBe(0)
    expect(sourceHeader(response)).toBe('peers')
  })

  it('can not bring wrong bytes: HTTP is asked instead', async () => {
    const worker = await world.ready()
    world.openPage(worker, () => Promise.resolve(new TextEncoder().encode('let app = 666')))
    const response = await world.get(worker, '/app.js')
    expect([await response.text(), sourceHeader(response)]).toEqual(['let app = 1', 'http'])
  })

  it('hears of what came over HTTP, of counters and of streams', async () => {
    const worker = await world.ready()
    const received = world.openPage(worker, () => Promise.resolve(undefined))
    await (await world.get(worker, '/big.bin')).bytes()
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
    const worker = await world.ready()
    world.network.answer = () => Promise.resolve(new Response('no content here', { status: 503 }))
    world.pages.push({ id: 'loading', postMessage: () => undefined })
    const response = world.get(worker, '/app.js')
    await expect.poll(() => world.network.requests.length).toBeGreaterThan(0)
    world.openPage(worker, (cid) => site.content.readBlock(cid))
    expect(sourceHeader(await response)).toBe('peers')
  })

  it('is told when nobody needs the rest of a body', async () => {
    const worker = await world.ready()
    const received = world.openPage(worker, async (cid) =>
      cid === site.content.manifest.files['big.bin']?.pieces?.[0]
        ? await site.content.readBlock(cid)
        : await new Promise(() => undefined),
    )
    await expect.poll(() => received.map(({ type }) => type)).toContain('counters')
    // On a busy machine it would bring what the page was to be asked for.
    world.network.answer = () => new Promise(() => undefined)
    const response = await world.get(worker, '/big.bin')
    const requested = (): number[] => received.flatMap((message) => (message.type === 'request' ? [message.id] : []))
    await expect.poll(requested).toHaveLength(4)
    await response.body?.cancel()
    await expect
      .poll(() => received.flatMap((message) => (message.type === 'cancel' ? [message.id] : [])))
      .toEqual(requested().slice(1))
  })
})
