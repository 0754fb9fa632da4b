import 'fake-indexeddb/auto'
import { CONTENT_TYPES } from '@blackhole/protocol'
import { IdbSiteState, createSiteRecord } from '@blackhole/site'
import type { SiteRecord } from '@blackhole/site'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { IDBFactory } from 'fake-indexeddb'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { ReadyAnswers } from '../ready-answers.ts'
import type { SiteVersion } from '../version/site-version.ts'
import type { StartedWorker, WorkerEvents } from './stages.ts'
import { WorkerStart } from './worker-start.ts'
import type { WorkerStartComponents } from './worker-start.ts'

const ORIGIN = 'http://site.localhost:8080'
const ROOT = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const NEWER = 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4'

let record: SiteRecord
let update: SiteRecord
let state: IdbSiteState
/** What the whole worker was told. */
let told: string[]
let listeners: Map<string, (event: unknown) => void>
let handled: Promise<unknown>[]

beforeAll(async () => {
  const key = await generateKeyPair('Ed25519')
  record = await createSiteRecord(key, { root: ROOT, sequence: 1 })
  update = await createSiteRecord(key, { root: NEWER, sequence: 2 })
})

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory())
  told = []
  listeners = new Map()
  handled = []
  state = new IdbSiteState()
  await state.acceptRecord(record)
  await state.setSetting(`served:${record.name}`, `${record.root} ${String(record.expires)}`)
  await keep('/?from=mail')
  await keep('/')
  return async () => {
    await state.close()
    vi.unstubAllGlobals()
  }
})

/** As the whole worker keeps what it has answered. */
async function keep(path: string): Promise<void> {
  await new ReadyAnswers(state).keep(
    new URL(path, ORIGIN),
    { root: ROOT, manifest: { retired: false } } as unknown as SiteVersion,
    { headers: [['Content-Type', 'text/html']], bytes: 4, body: () => new Response(`page ${path}`) },
  )
}

function start(): void {
  const started: StartedWorker = { events: undefined }
  const events: WorkerEvents = {
    install: () => told.push('install'),
    activate: () => told.push('activate'),
    message: () => told.push('message'),
    fetch: () => told.push('fetch'),
    answer: async (_event, _at, preloaded) => {
      const asked = await preloaded
      told.push(`answer, ${typeof asked === 'object' ? `${String(asked.byteLength)} bytes preloaded` : String(asked)}`)
      return new Response('from the whole worker')
    },
    answered: async (_event, { root, bytes }) => void told.push(`answered ${root} ${String(bytes)}`),
  }
  const scope: WorkerStartComponents['scope'] = {
    addEventListener: (type: string, listener: (event: unknown) => void) => listeners.set(type, listener),
    location: { origin: ORIGIN },
    indexedDB,
    fetch: () => Promise.reject(new Error('not asked for')),
  }
  const load = (): void => {
    told.push('load')
    started.events = events
  }
  new WorkerStart({ scope, clock: systemClock, started, load }, record.name).listen()
}

interface Ask {
  readonly path?: string
  readonly mode?: string
  readonly method?: string
  readonly destination?: string
  readonly clientId?: string
  readonly headers?: Record<string, string>
  readonly preload?: Promise<Response | undefined>
}

/** What a request gets; undefined when the start leaves it to the whole worker. */
async function ask(init: Ask = {}): Promise<Response | undefined> {
  const { path = '/', mode = 'navigate', method = 'GET', headers = {}, preload } = init
  const { destination = 'document', clientId = '' } = init
  let answer: Promise<Response> | undefined
  const done = Promise.withResolvers<undefined>()
  listeners.get('fetch')?.({
    request: { url: ORIGIN + path, mode, method, headers: new Headers(headers), destination },
    clientId,
    preloadResponse: preload ?? Promise.resolve(recordResponse(record)),
    handled: done.promise,
    respondWith: (response: Promise<Response>) => (answer = response),
    waitUntil: (work: Promise<unknown>) => handled.push(work),
  })
  const response = await answer
  done.resolve(undefined)
  return response
}

function recordResponse({ bytes }: SiteRecord): Response {
  return new Response(bytes, { headers: { 'Content-Type': CONTENT_TYPES.record } })
}

it('answers a navigation with what is ready, and runs the whole worker only after that', async () => {
  start()
  const response = await ask()
  expect(told, 'before the answer').toEqual([])
  expect(await response?.text()).toBe('page /')
  expect(Object.fromEntries(response?.headers ?? [])).toMatchObject({
    'content-type': 'text/html',
    'x-blackhole-source': 'local',
  })
  await Promise.all(handled)
  expect(told).toEqual(['load', `answered ${ROOT} 6`])
  await ask()
  expect(told.slice(2), 'a worker that runs answers by itself').toEqual(['fetch'])
})

it('knows a page by its query too', async () => {
  start()
  expect(await (await ask({ path: '/?from=mail' }))?.text()).toBe('page /?from=mail')
})

it('answers with it when the relay is gone, or takes its time', async () => {
  start()
  expect(await (await ask({ preload: Promise.reject(new TypeError('network error')) }))?.text()).toBe('page /')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    start()
    const answer = ask({ preload: new Promise(() => undefined) })
    // The first is for the storage, which has answered when the second is set.
    await vi.waitFor(() => {
      expect(timers).toHaveBeenCalledTimes(2)
    })
    await vi.advanceTimersByTimeAsync(500)
    expect(await (await answer)?.text()).toBe('page /')
  } finally {
    vi.useRealTimers()
  }
})

describe('leaves to the whole worker', () => {
  it('a navigation while what the browser stored does not open', async () => {
    vi.stubGlobal('indexedDB', { open: () => ({}) })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      start()
      const answer = ask()
      await vi.advanceTimersByTimeAsync(499)
      expect(told).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      expect(await (await answer)?.text()).toBe('from the whole worker')
      expect(told).toEqual(['load', `answer, ${String(record.bytes.byteLength)} bytes preloaded`])
    } finally {
      vi.useRealTimers()
    }
  })

  it('what the relay has a newer record for, with that record', async () => {
    start()
    const response = await ask({ preload: Promise.resolve(recordResponse(update)) })
    expect(await response?.text()).toBe('from the whole worker')
    expect(told).toEqual(['load', `answer, ${String(update.bytes.byteLength)} bytes preloaded`])
  })

  it.each([
    ['a browser that preloads nothing', undefined],
    ['a relay that knows nothing of it', new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
    ['a relay that has no record', new Response('no such site', { status: 404 })],
  ])('the question for the record: %s', async (_what, preloaded) => {
    start()
    await ask({ preload: Promise.resolve(preloaded) })
    expect(told).toEqual(['load', 'answer, undefined'])
  })

  it.each<[string, () => Promise<unknown>]>([
    ['a visitor who has left', () => state.setSetting('opted-out', true)],
    ['a newer version that a page has learned of', () => state.acceptRecord(update)],
    ['another version than was served last', () => state.setSetting(`served:${record.name}`, `${NEWER} 1`)],
    ['another worker than kept it', () => state.forgetReadyAnswers()],
    ['a site that was forgotten', () => state.clear(record.name)],
    ['storage that was cleared', async () => vi.stubGlobal('indexedDB', new IDBFactory())],
    ['no storage', async () => vi.stubGlobal('indexedDB', undefined)],
    ['a record that has expired', () => Promise.resolve()],
  ])('%s', async (what, change) => {
    await change()
    const now = what.includes('expired') ? vi.spyOn(Date, 'now').mockReturnValue(record.expires) : undefined
    start()
    expect(await (await ask())?.text()).toBe('from the whole worker')
    now?.mockRestore()
  })

  it.each<[string, Ask]>([
    ['what is not a document', { mode: 'cors' }],
    ['a part of one', { headers: { Range: 'bytes=0-1' } }],
    ['a question whether it changed', { headers: { 'If-None-Match': '"x"' } }],
    ['a frame, which has the version of its page', { destination: 'iframe', clientId: 'page' }],
    ['HEAD', { method: 'HEAD' }],
    ['a request that is meant for the network', { path: '/?blackhole=network' }],
    ['the reserved folder', { path: '/.blackhole/api/v1/relay' }],
    ['content by its CID', { path: `/ipfs/${ROOT}` }],
  ])('%s', async (_what, request) => {
    start()
    expect(await ask(request)).toBeUndefined()
    expect(told).toEqual(['load', 'fetch'])
  })

  it('every other event', () => {
    start()
    for (const type of ['install', 'activate', 'message']) listeners.get(type)?.({})
    expect(told).toEqual(['load', 'install', 'activate', 'message'])
  })
})
