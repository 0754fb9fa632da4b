import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { FILES, NAVIGATION, TestWorld, publishFiles } from './worker-world.ts'
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

it('keeps a whole document of a hosted site ready, as a navigation got it, bound to its version', async () => {
  const worker = await world.ready()
  const sent = await (await world.get(worker, '/docs/?a=1', NAVIGATION)).text()
  await Promise.all(world.background)
  const kept = await world.state.readyAnswer('/docs/?a=1')
  expect(kept?.root).toBe(site.content.root)
  expect(new TextDecoder().decode(kept?.bytes)).toBe(sent)
  const headers = new Headers(kept?.headers.map(([name, value]) => [name, value]))
  expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8')
  // Where it comes from is said when it is used.
  expect(headers.has('X-Blackhole-Source')).toBe(false)
})

it('keeps nothing else: no part, no error, no file that a page fetched, nothing of an origin with a server of its own', async () => {
  const worker = await world.ready()
  for (const [path, init] of [
    ['/docs/index.html', {}],
    ['/app.js', { ...NAVIGATION, headers: { Range: 'bytes=0-3' } }],
    ['/docs/index.html', { ...NAVIGATION, method: 'HEAD' }],
    ['/missing.html', NAVIGATION],
    ['/big.bin', NAVIGATION],
  ] as const)
    await (await world.get(worker, path, init)).bytes()
  await Promise.all(world.background)
  for (const path of ['/docs/index.html', '/app.js', '/missing.html', '/big.bin'])
    expect(await world.state.readyAnswer(path), path).toBeUndefined()
})

it('takes the record that the browser asked for, and asks itself when it got none', async () => {
  const worker = await world.ready()
  await world.get(worker, '/', { ...NAVIGATION, preloaded: site.record })
  expect(world.network.requests.filter((path) => path.endsWith('/record'))).toEqual([])
  await world.get(worker, '/', { ...NAVIGATION, preloaded: 'unreachable' })
  expect(world.network.requests.filter((path) => path.endsWith('/record'))).toEqual([])
  await world.get(worker, '/', NAVIGATION)
  expect(world.network.requests.filter((path) => path.endsWith('/record'))).toHaveLength(1)
})

it('is told of an answer that was ready: the page keeps that version, and its bytes are counted', async () => {
  const worker = await world.ready()
  await world.answered(worker, 'page', 73)
  expect(await (await world.get(worker, '/app.js', { clientId: 'page' })).text()).toBe(FILES['app.js'])
  await expect.poll(async () => (await world.state.counters()).local).toBeGreaterThanOrEqual(73)
})

it('forgets what an older worker kept, and lets the browser ask on its own only where the origin knows records', async () => {
  const worker = await world.ready()
  await world.get(worker, '/docs/', NAVIGATION)
  await Promise.all(world.background)
  await worker.activated()
  expect(await world.state.readyAnswer('/docs/')).toBeUndefined()
  await (await world.start({ mode: 'tag', relays: ['https://relay.example'] })).activated()
  expect(world.preloads).toEqual([true, false])
})
