import { CHANNEL_VERSION, KEEP_ALIVE_MS } from '@blackhole/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeContainer, FakeProvider, site } from './bridge-harness.ts'
import { Bridge } from './bridge.ts'

let provider: FakeProvider
let workers: FakeContainer
let page: EventTarget
let bridge: Bridge
let warnings: string[]

beforeEach(() => {
  provider = new FakeProvider()
  workers = new FakeContainer()
  page = new EventTarget()
  warnings = []
  bridge = new Bridge(
    {
      provider,
      workers,
      page,
      loaded: () => [{ url: 'http://site/', ageMs: 250 }],
      warn: (message) => warnings.push(message),
    },
    { site, root: 'bafyroot' },
  )
})

afterEach(() => {
  bridge.stop()
  workers.port?.close()
  vi.useRealTimers()
})

async function started(): Promise<void> {
  bridge.start()
  await expect.poll(() => workers.of('hello').length).toBeGreaterThan(0)
}

describe('introduction', () => {
  it('greets each worker and tells it what was loaded past it', async () => {
    await started()
    await expect
      .poll(() => workers.of('loaded'))
      .toEqual([{ type: 'loaded', urls: ['http://site/'], agesMs: [250], root: 'bafyroot' }])
    expect(workers.of('hello')).toEqual([
      { type: 'hello', version: CHANNEL_VERSION, role: 'host', peers: 3, ahead: true, later: true },
    ])
    expect(workers.posted).toContainEqual({ type: 'blackhole:connect', version: CHANNEL_VERSION, site })
    expect(bridge.connected).toBe(true)
    workers.dispatchEvent(new Event('controllerchange'))
    await expect.poll(() => workers.of('hello').length).toBe(2)
    await expect.poll(() => workers.of('loaded').length).toBe(2)
  })

  it('answers a worker that opens the port itself', async () => {
    await started()
    const { port1, port2 } = new MessageChannel()
    const event = new MessageEvent('message', {
      data: { type: 'blackhole:connect', version: CHANNEL_VERSION, site },
      ports: [port2],
    })
    workers.talk(port1)
    workers.dispatchEvent(event)
    await expect.poll(() => workers.of('hello').length).toBe(2)
  })

  it("leaves the page's own messages, and workers of other sites, alone", async () => {
    await started()
    workers.dispatchEvent(new MessageEvent('message', { data: { type: 'theirs' } }))
    const { port1, port2 } = new MessageChannel()
    const data = { type: 'blackhole:connect', version: CHANNEL_VERSION, site: 'k51another' }
    workers.dispatchEvent(new MessageEvent('message', { data, ports: [port2] }))
    workers.talk(port1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(workers.of('hello').length).toBe(1)
  })

  it('asks a worker of another version to update, warns once with the fix, and serves it nothing', async () => {
    workers.version = CHANNEL_VERSION + 1
    await started()
    await expect.poll(() => workers.updates.length).toBe(1)
    workers.dispatchEvent(new Event('controllerchange'))
    await expect.poll(() => workers.updates.length).toBe(2)
    expect(warnings).toEqual([expect.stringContaining('serve blackhole.js')])
    expect(bridge.connected).toBe(false)
  })
})

describe('news', () => {
  it('of role and peers reaches the worker, and a page that goes away hosts no more', async () => {
    await started()
    provider.pageRole = 'guest'
    provider.safeDispatchEvent('state', { detail: { role: 'guest', peers: 3 } })
    page.dispatchEvent(new Event('pagehide'))
    await expect
      .poll(() => workers.of('state'))
      .toEqual([
        { type: 'state', role: 'guest', peers: 3 },
        { type: 'state', role: 'guest', peers: 0 },
      ])
  })

  it('of a newer record reaches the worker', async () => {
    await started()
    provider.safeDispatchEvent('record', { detail: { record: new Uint8Array([1, 2, 3]) } })
    await expect.poll(() => workers.of('record').map(({ record }) => record.byteLength)).toEqual([3])
  })

  it('of stored blocks, of what a player needs next and of counters reaches the page', async () => {
    await started()
    const counters: unknown[] = []
    bridge.addEventListener('counters', ({ detail }) => counters.push(detail))
    workers.port?.send({ type: 'stored', cids: ['a'] })
    workers.port?.send({ type: 'ahead', stream: 'film', pieces: [{ cid: 'b', inMs: 10 }] })
    workers.port?.send({ type: 'counters', received: { local: 1, peers: 2, http: 3 } })
    await expect.poll(() => counters).toEqual([{ local: 1, peers: 2, http: 3 }])
    expect(provider.told).toEqual(['a'])
    expect(provider.needed).toEqual([['film', [{ cid: 'b', inMs: 10 }]]])
  })

  it('keeps a worker alive for as long as it streams', async () => {
    await started()
    const alive = (): number =>
      workers.posted.filter((message) => (message as { type?: string }).type === 'blackhole:alive').length
    const timers = vi.spyOn(globalThis, 'setInterval').mockImplementation((callback) => {
      tick = callback
      return 1 as never
    })
    let tick = (): void => undefined
    workers.port?.send({ type: 'busy', busy: true })
    await expect.poll(() => timers.mock.calls.at(-1)?.[1]).toBe(KEEP_ALIVE_MS)
    tick()
    await expect.poll(alive).toBe(1)
    // A page that was reloaded past the worker counts as one that keeps it alive.
    workers.controller = null
    tick()
    await expect.poll(alive).toBe(2)
    timers.mockRestore()
  })
})
