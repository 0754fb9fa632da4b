import {
  CHANNEL_VERSION,
  ChannelPort,
  KEEP_ALIVE_MS,
  NotFoundError,
  parsePageMessage,
  parseSiteName,
} from '@blackhole/protocol'
import type { HolderPace, PageToWorker, WorkerToPage } from '@blackhole/protocol'
import { TypedEventEmitter } from 'main-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type {
  BlockFetchOptions,
  BlockProvider,
  BlockProviderEvents,
  FetchedBlock,
  PageRole,
} from '../peer/block-provider.ts'
import { Bridge } from './bridge.ts'

const site = parseSiteName('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')

/** Blocks of 100 bytes each; `slow…` never come, `missing…` are nowhere. */
class FakeProvider extends TypedEventEmitter<BlockProviderEvents> implements BlockProvider {
  readonly needed: unknown[] = []
  readonly aborted: string[] = []
  readonly told: string[] = []
  pageRole: PageRole = 'host'
  readonly comingCids = new Set<string>()
  readonly hereCids = new Set<string>()
  mayPrefetch = true
  arrived: () => void = () => undefined
  readonly kept = new Uint8Array(100).fill(7)

  available(cids: readonly string[]): boolean[] {
    return cids.map((cid) => !cid.startsWith('missing'))
  }

  coming(cids: readonly string[]): boolean[] {
    return cids.map((cid) => this.comingCids.has(cid))
  }

  here(cids: readonly string[]): boolean[] {
    return cids.map((cid) => this.hereCids.has(cid))
  }

  prefetch(cids: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<void> | undefined {
    if (!this.mayPrefetch) return undefined
    this.needed.push(cids)
    return new Promise((resolve, reject) => {
      this.arrived = resolve
      signal.addEventListener('abort', () => {
        this.aborted.push(...cids)
        reject(signal.reason as Error)
      })
    })
  }

  paces(cids: readonly string[]): HolderPace[] {
    return cids.map(() => ({ rttMs: 20, bytesPerSecond: 1_000_000, queuedBytes: 0 }))
  }

  async fetch(cid: string, { signal }: BlockFetchOptions = {}): Promise<FetchedBlock> {
    if (cid.startsWith('missing')) throw new NotFoundError(cid)
    if (!cid.startsWith('slow')) return { bytes: this.kept, source: 'peers' }
    return await new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        this.aborted.push(cid)
        reject(signal.reason as Error)
      })
    })
  }

  stored(cids: readonly string[]): void {
    this.told.push(...cids)
  }

  ahead(stream: string, pieces: readonly unknown[]): void {
    this.needed.push([stream, pieces])
  }

  fetching(cids: readonly string[], over: boolean): void {
    this.told.push(...cids.map((cid) => `${cid} ${over ? 'over' : 'coming'}`))
  }

  peers(): number {
    return 3
  }

  role(): PageRole {
    return this.pageRole
  }
}

/** `navigator.serviceWorker`, with a worker that greets whoever opens a port. */
class FakeContainer extends EventTarget {
  readonly posted: unknown[] = []
  readonly received: PageToWorker[] = []
  readonly updates: string[] = []
  version = CHANNEL_VERSION
  port: ChannelPort<PageToWorker, WorkerToPage> | undefined
  readonly worker = {
    postMessage: (message: unknown, transfer: Transferable[] = []) => {
      this.posted.push(message)
      if (transfer[0] instanceof MessagePort) this.talk(transfer[0])
    },
  } as unknown as ServiceWorker
  controller: ServiceWorker | null = this.worker
  readonly ready = Promise.resolve({
    active: this.worker,
    update: () => Promise.resolve(this.updates.push('update')),
  } as unknown as ServiceWorkerRegistration)

  startMessages(): void {
    this.posted.push('started')
  }

  talk(port: MessagePort): void {
    this.port = new ChannelPort<PageToWorker, WorkerToPage>(port, {
      parse: parsePageMessage,
      onMessage: (message) => this.received.push(message),
    })
    this.port.send({ type: 'hello', version: this.version })
  }

  of<T extends PageToWorker['type']>(type: T): Extract<PageToWorker, { type: T }>[] {
    return this.received.filter((message) => message.type === type) as Extract<PageToWorker, { type: T }>[]
  }
}

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
    { provider, workers, page, loaded: () => ['http://site/'], warn: (message) => warnings.push(message) },
    { site, root: 'bafyroot' },
  )
})

afterEach(() => {
  bridge.stop()
  workers.port?.close()
  vi.useRealTimers()
})

function request(id: number, cids: string[], credit = 1_000_000): void {
  workers.port?.send({ type: 'request', id, cids, deadlineMs: 0, credit })
}

async function started(): Promise<void> {
  bridge.start()
  await expect.poll(() => workers.of('hello').length).toBeGreaterThan(0)
}

describe('introduction', () => {
  it('greets each worker and tells it what was loaded past it', async () => {
    await started()
    await expect
      .poll(() => workers.of('loaded'))
      .toEqual([{ type: 'loaded', urls: ['http://site/'], root: 'bafyroot' }])
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

describe('a request of the worker', () => {
  it('gets a head, the blocks and an end', async () => {
    await started()
    request(1, ['a', 'b'])
    await expect.poll(() => workers.of('end')).toEqual([{ type: 'end', id: 1 }])
    expect(workers.of('head')).toEqual([
      { type: 'head', id: 1, available: [true, true], coming: [false, false], paces: provider.paces(['a', 'b']) },
    ])
    expect(workers.of('chunk').map(({ cid, source, data }) => [cid, source, data.byteLength])).toEqual([
      ['a', 'peers', 100],
      ['b', 'peers', 100],
    ])
    // The provider's own bytes were not given away with the message.
    expect(provider.kept.byteLength).toBe(100)
  })

  it('is told again who has a block, when that changes and it is patient', async () => {
    await started()
    workers.port?.send({ type: 'request', id: 1, cids: ['slow'], deadlineMs: 0, credit: 100, patient: true })
    await expect.poll(() => workers.of('head').length).toBe(1)
    provider.safeDispatchEvent('holders')
    provider.comingCids.add('slow')
    provider.safeDispatchEvent('holders')
    await expect.poll(() => workers.of('head').map(({ coming }) => coming)).toEqual([[false], [true]])
    workers.port?.send({ type: 'fetching', cids: ['slow'], over: true })
    await expect.poll(() => provider.told).toEqual(['slow over'])
  })

  it('lets the page get what is wanted later, and is told who has it until it is here', async () => {
    await started()
    workers.port?.send({ type: 'later', id: 5, cids: ['a', 'missing'] })
    await expect
      .poll(() => workers.of('head'))
      .toEqual([{ type: 'head', id: 5, available: [true, false], coming: [false, false], here: [false, false] }])
    expect(provider.needed).toEqual([['a', 'missing']])
    provider.safeDispatchEvent('holders')
    provider.hereCids.add('a')
    provider.safeDispatchEvent('holders')
    await expect
      .poll(() => workers.of('head').map(({ here }) => here))
      .toEqual([
        [false, false],
        [true, false],
      ])
    provider.hereCids.add('missing')
    provider.arrived()
    await expect.poll(() => workers.of('head').at(-1)?.here).toEqual([true, true])
    workers.port?.send({ type: 'later', id: 6, cids: ['slow'] })
    workers.port?.send({ type: 'cancel', id: 6 })
    await expect.poll(() => provider.aborted).toEqual(['slow'])
    provider.mayPrefetch = false
    workers.port?.send({ type: 'later', id: 7, cids: ['never'] })
    workers.port?.send({ type: 'fetching', cids: ['x'], over: false })
    await expect.poll(() => provider.told).toEqual(['x coming'])
    expect(workers.of('head').filter(({ id }) => id === 7)).toEqual([])
  })

  it('gets no more than its credit and one block', async () => {
    await started()
    request(1, ['a', 'b', 'c'], 150)
    await expect.poll(() => workers.of('chunk').length).toBe(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(workers.of('chunk').length).toBe(2)
    workers.port?.send({ type: 'credit', id: 1, bytes: 100 })
    await expect.poll(() => workers.of('end').length).toBe(1)
    expect(workers.of('chunk').length).toBe(3)
  })

  it('gets the error as data when a block is nowhere', async () => {
    await started()
    request(1, ['missing', 'slow'])
    await expect.poll(() => workers.of('error').length).toBe(1)
    expect(workers.of('error')[0]?.error).toMatchObject({
      name: 'NotFoundError',
      reason: 'missing',
      subject: 'missing',
    })
    expect(provider.aborted).toEqual(['slow'])
  })

  it('stops when it is cancelled, without an answer', async () => {
    await started()
    request(1, ['slow1', 'slow2'])
    await expect.poll(() => workers.of('head').length).toBe(1)
    workers.port?.send({ type: 'cancel', id: 1 })
    await expect.poll(() => provider.aborted).toEqual(['slow1', 'slow2'])
    expect(workers.of('error')).toEqual([])
  })

  it('goes on with the rest when only some blocks are no longer needed', async () => {
    await started()
    request(1, ['slow', 'a'])
    await expect.poll(() => workers.of('chunk').length).toBe(1)
    workers.port?.send({ type: 'cancel', id: 1, cids: ['slow'] })
    await expect.poll(() => workers.of('end').length).toBe(1)
  })

  it('is refused when there are too many at once', async () => {
    await started()
    for (let id = 0; id < 257; id++) request(id, [`slow${String(id)}`])
    await expect.poll(() => workers.of('error')).toMatchObject([{ id: 256, error: { reason: 'limit' } }])
  })

  it('that makes no sense ends the session', async () => {
    await started()
    request(1, ['slow'])
    await expect.poll(() => workers.of('head').length).toBe(1)
    workers.port?.send({ type: 'request', id: -1 } as never)
    await expect.poll(() => provider.aborted).toEqual(['slow'])
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
