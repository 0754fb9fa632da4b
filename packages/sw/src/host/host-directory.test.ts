import {
  CHANNEL_HELLO_TIMEOUT_MS,
  CHANNEL_VERSION,
  ChannelPort,
  parseSiteName,
  parseWorkerMessage,
} from '@blackhole/protocol'
import type { PageToWorker, WorkerToPage } from '@blackhole/protocol'
import { testClock } from '@blackhole/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HostDirectory } from './host-directory.ts'
import type { HostDirectoryEvents, PageClient } from './host-directory.ts'

const site = parseSiteName('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')

type Hello = Partial<Extract<PageToWorker, { type: 'hello' }>> | 'silent'

/** A window that answers a connect message as a page does. */
class FakeWindow implements PageClient {
  readonly id: string
  readonly received: WorkerToPage[] = []
  readonly messages: unknown[] = []
  readonly #hello: Hello
  readonly #onMessage: (message: WorkerToPage, page: FakeWindow) => void
  port: ChannelPort<WorkerToPage, PageToWorker> | undefined

  constructor(
    id: string,
    hello: Hello,
    onMessage: (message: WorkerToPage, page: FakeWindow) => void = () => undefined,
  ) {
    this.id = id
    this.#hello = hello
    this.#onMessage = onMessage
  }

  postMessage(message: unknown, [port]: Transferable[]): void {
    this.messages.push(message)
    if (this.#hello !== 'silent' && port instanceof MessagePort) this.talk(port)
  }

  talk(port: MessagePort): void {
    this.port = new ChannelPort<WorkerToPage, PageToWorker>(port, {
      parse: parseWorkerMessage,
      onMessage: (message) => {
        this.received.push(message)
        this.#onMessage(message, this)
      },
    })
    const hello = this.#hello === 'silent' ? {} : this.#hello
    this.port.send({ type: 'hello', version: CHANNEL_VERSION, role: 'host', peers: 2, ...hello })
  }
}

let windows: FakeWindow[]
let lists: number
let directory: HostDirectory
let clock: ReturnType<typeof testClock>

function create(events: HostDirectoryEvents = {}): void {
  clock = testClock()
  directory = new HostDirectory(
    {
      clients: {
        list: () => {
          lists++
          return Promise.resolve(windows)
        },
        has: (id) => Promise.resolve(windows.some((window) => window.id === id)),
      },
      clock: { now: clock.now, sleep: clock.delay },
    },
    site,
    events,
  )
}

beforeEach(() => {
  windows = []
  lists = 0
  create()
})

afterEach(() => {
  directory.close()
  for (const { port } of windows) port?.close()
})

describe('looking for the page that hosts', () => {
  it('finds it among guests, and asks only once for requests that come together', async () => {
    windows = [new FakeWindow('guest', { role: 'guest' }), new FakeWindow('host', {})]
    const [a, b] = await Promise.all([directory.host(), directory.host()])
    expect(a?.clientId).toBe('host')
    expect(b).toBe(a)
    expect(lists).toBe(1)
    expect(directory.peers).toBe(2)
    expect(windows[1]?.messages).toEqual([{ type: 'blackhole:connect', version: CHANNEL_VERSION, site }])
  })

  it('costs nothing when there is no window, and is not repeated for a while', async () => {
    expect(await directory.host()).toBeUndefined()
    expect(await directory.host()).toBeUndefined()
    expect(lists).toBe(1)
    expect(directory.peers).toBe(0)
    await clock.advance(1_000)
    expect(directory.peers).toBeUndefined()
    await directory.host()
    expect(lists).toBe(2)
  })

  it('gives up on a page that says nothing', async () => {
    windows = [new FakeWindow('frozen', 'silent')]
    const found = directory.host()
    await clock.advance(0)
    await clock.advance(CHANNEL_HELLO_TIMEOUT_MS)
    expect(await found).toBeUndefined()
  })

  it('asks a page that says nothing ever less often, on one port at a time, and hears it when it comes to life', async () => {
    const frozen = new FakeWindow('frozen', 'silent')
    const ports: MessagePort[] = []
    const closed: number[] = []
    frozen.postMessage = (_message, [port]) => {
      if (!(port instanceof MessagePort)) return
      const index = ports.push(port) - 1
      port.addEventListener('close', () => closed.push(index))
      port.start()
    }
    windows = [frozen]
    for (let second = 0; second < 60; second++) {
      const found = directory.host()
      await clock.advance(0)
      await clock.advance(1_000)
      expect(await found).toBeUndefined()
    }
    // After 0, 1, 3, 7, 15 and 31 s.
    expect(ports).toHaveLength(6)
    await expect.poll(() => closed).toEqual([0, 1, 2, 3, 4])
    const last = ports.at(-1)
    if (last !== undefined) frozen.talk(last)
    await expect.poll(() => directory.connected?.clientId).toBe('frozen')
  })

  it('does not use a page of another version', async () => {
    windows = [new FakeWindow('old', { version: CHANNEL_VERSION + 1 })]
    expect(await directory.host()).toBeUndefined()
  })

  it('does not wait any longer once all pages have answered', async () => {
    windows = [new FakeWindow('a', { role: 'guest' }), new FakeWindow('b', { role: 'guest' })]
    expect(await directory.host()).toBeUndefined()
  })
})

describe('pages that speak up', () => {
  it('are believed at once, even when there was no host a moment ago', async () => {
    await directory.host()
    const page = new FakeWindow('new', {})
    windows = [page]
    const { port1, port2 } = new MessageChannel()
    directory.adopt(port1, page.id)
    page.talk(port2)
    expect((await directory.host())?.clientId).toBe('new')
  })

  it('can take over from one another', async () => {
    const [old, next] = [new FakeWindow('old', {}), new FakeWindow('next', { role: 'guest' })]
    windows = [old, next]
    expect((await directory.host())?.clientId).toBe('old')
    old.port?.send({ type: 'state', role: 'guest', peers: 0 })
    next.port?.send({ type: 'state', role: 'host', peers: 1 })
    const signal = new AbortController().signal
    await expect.poll(() => directory.connected?.clientId).toBe('next')
    expect((await directory.waitForHost({ signal }))?.clientId).toBe('next')
  })

  it('are more than can be talked to: the one that hosts stays', async () => {
    const host = new FakeWindow('host', {})
    windows = [host]
    await directory.host()
    for (let at = 0; at < 70; at++) {
      const guest = new FakeWindow(`guest ${String(at)}`, { role: 'guest' })
      windows.push(guest)
      const { port1, port2 } = new MessageChannel()
      directory.adopt(port1, guest.id)
      guest.talk(port2)
    }
    await expect.poll(() => windows.at(-1)?.received.map(({ type }) => type)).toEqual(['hello'])
    expect(directory.connected?.clientId).toBe('host')
    directory.broadcast({ type: 'busy', busy: true })
    const told = (): number => windows.filter(({ received }) => received.some(({ type }) => type === 'busy')).length
    await expect.poll(told).toBe(64)
  })

  it('are not told what they would not understand, and close the port for', async () => {
    let greeted = 0
    create({ onConnect: () => greeted++ })
    windows = [new FakeWindow('old', {}), new FakeWindow('new', { role: 'guest', ahead: true })]
    await directory.host()
    await expect.poll(() => greeted).toBe(2)
    directory.broadcast({ type: 'fetching', cids: ['a'], over: false })
    directory.broadcast({ type: 'stored', cids: ['a'] })
    await expect
      .poll(() => windows.map(({ received }) => received.map(({ type }) => type)))
      .toEqual([
        ['hello', 'stored'],
        ['hello', 'fetching', 'stored'],
      ])
  })

  it('hand on what they learn', async () => {
    const records: number[] = []
    const loaded: unknown[] = []
    create({
      onRecord: (record) => records.push(record.byteLength),
      onLoaded: (message, clientId) => loaded.push([clientId, message.urls]),
    })
    windows = [new FakeWindow('page', {})]
    await directory.host()
    windows[0]?.port?.send({ type: 'record', record: new ArrayBuffer(5) })
    windows[0]?.port?.send({ type: 'loaded', urls: ['http://a/'] })
    await expect.poll(() => loaded).toEqual([['page', ['http://a/']]])
    expect(records).toEqual([5])
  })
})

describe('a request to the page', () => {
  const signal = new AbortController().signal
  const demand = { deadlineMs: 5, signal }

  it('is answered with the bytes of the chunk', async () => {
    const answer = (message: WorkerToPage, page: FakeWindow): void => {
      if (message.type !== 'request') return
      const { id, cids } = message
      page.port?.send({ type: 'head', id, available: [true] })
      page.port?.send({ type: 'chunk', id, cid: cids[0] ?? '', source: 'peers', data: new Uint8Array([1, 2]).buffer })
      page.port?.send({ type: 'end', id })
    }
    windows = [new FakeWindow('host', {}, answer)]
    const host = await directory.host()
    expect(await host?.request('cid', demand)).toEqual({ bytes: new Uint8Array([1, 2]), source: 'peers' })
    expect(windows[0]?.received).toContainEqual({
      type: 'request',
      id: 1,
      cids: ['cid'],
      deadlineMs: 5,
      credit: 2097152,
    })
  })

  it('fails with the error of the page', async () => {
    const answer = (message: WorkerToPage, page: FakeWindow): void => {
      if (message.type !== 'request') return
      const error = { name: 'NotFoundError', reason: 'missing', message: 'nobody' } as const
      page.port?.send({ type: 'error', id: message.id, error })
    }
    windows = [new FakeWindow('host', {}, answer)]
    const host = await directory.host()
    await expect(host?.request('cid', demand)).rejects.toMatchObject({ name: 'NotFoundError', reason: 'missing' })
  })

  it('fails when the page ends it without the block', async () => {
    const answer = (message: WorkerToPage, page: FakeWindow): void => {
      if (message.type === 'request') page.port?.send({ type: 'end', id: message.id })
    }
    windows = [new FakeWindow('host', {}, answer)]
    const host = await directory.host()
    await expect(host?.request('cid', demand)).rejects.toMatchObject({ reason: 'incomplete' })
  })

  it('is cancelled at the page when nobody needs it any more', async () => {
    windows = [new FakeWindow('host', {})]
    const host = await directory.host()
    const controller = new AbortController()
    const requested = host?.request('cid', { deadlineMs: 0, signal: controller.signal })
    controller.abort(new Error('gone'))
    await expect(requested).rejects.toThrow('gone')
    await expect.poll(() => windows[0]?.received.at(-1)).toEqual({ type: 'cancel', id: 1 })
    expect(host?.pending).toBe(0)
  })

  it('fails soon after its tab was closed, and the next page is found', async () => {
    const closing = new FakeWindow('closing', {})
    windows = [closing]
    const host = await directory.host()
    if (host === undefined) throw new Error('no host')
    const over = new AbortController()
    const watched = directory.watch(host, { signal: over.signal })
    const requested = host.request('cid', demand)
    requested.catch(() => undefined)
    await clock.advance(1_000)
    expect(host.pending).toBe(1)
    windows = [new FakeWindow('next', {})]
    await clock.advance(500)
    await watched
    await expect(requested).rejects.toMatchObject({ reason: 'unavailable' })
    expect((await directory.host())?.clientId).toBe('next')
    closing.port?.close()
  })

  it('ends the link when the page sends nonsense', async () => {
    windows = [new FakeWindow('host', {})]
    const host = await directory.host()
    const requested = host?.request('cid', demand)
    windows[0]?.port?.send({ type: 'nonsense' } as never)
    await expect(requested).rejects.toMatchObject({ reason: 'unavailable' })
    expect(directory.connected).toBeUndefined()
  })
})

it('waits for a page to begin hosting for as long as there is a page', async () => {
  windows = [new FakeWindow('page', { role: 'guest' })]
  const waiting = directory.waitForHost({ signal: new AbortController().signal })
  await expect.poll(() => windows[0]?.port !== undefined).toBe(true)
  windows[0]?.port?.send({ type: 'state', role: 'host', peers: 1 })
  expect((await waiting)?.clientId).toBe('page')
  directory.close()
  windows = []
  await clock.advance(2_000)
  expect(await directory.waitForHost({ signal: new AbortController().signal })).toBeUndefined()
})
