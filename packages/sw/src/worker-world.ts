import {
  CHANNEL_VERSION,
  ChannelPort,
  PIECE_BYTES,
  parseSiteName,
  parseWorkerMessage,
  siteNameOf,
} from '@blackhole/protocol'
import type { PageToWorker, SiteName, WorkerToPage } from '@blackhole/protocol'
import { MemorySiteState, createSiteRecord, importSite, memoryFile } from '@blackhole/site'
import type { SiteImport } from '@blackhole/site'
import { MemoryPieceStore } from '@blackhole/swarm'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import type { WorkerConfig } from './config.ts'
import type { PageClient } from './host/host-directory.ts'
import type { PreloadedRecord } from './start/preloaded-record.ts'
import { MemoryClientRoots } from './version/client-roots.ts'
import { SiteWorker } from './worker.ts'

/** The origin of the site in tests. */
export const ORIGIN = 'http://site.localhost:8080'

/** A file of four pieces, all different. */
export const BIG: Uint8Array<ArrayBuffer> = new Uint8Array(3 * PIECE_BYTES + 1000).map(
  (_, at) => (at * 31 + (at >> 11) + (at >> 20)) & 255,
)

/** The site in tests. */
export const FILES: Readonly<Record<string, string | Uint8Array>> = Object.freeze({
  'index.html': '<!doctype html><html><head><title>Hi</title></head><body>Hi</body></html>',
  'app.js': 'let app = 1',
  'big.bin': BIG,
  'empty.txt': '',
  'docs/index.html': '<h1>Docs</h1>',
  '404.html': '<h1>Nothing here</h1>',
  'naïve name.txt': 'ok',
})

/** A request to the worker: the parts of `Request` and `FetchEvent` that matter. */
export interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly destination?: string
  readonly mode?: string
  readonly clientId?: string
  readonly resultingClientId?: string
  /** What the browser got when it asked for the site's record by itself. */
  readonly preloaded?: PreloadedRecord
}

/** A navigation to a page that will be. */
export const NAVIGATION: Ask = Object.freeze({
  mode: 'navigate',
  destination: 'document',
  clientId: '',
  resultingClientId: 'new',
})

/** What the network answers, and what it was asked. */
export interface TestNetwork {
  up: boolean
  readonly requests: string[]
  answer: (url: URL, init: RequestInit) => Promise<Response | undefined>
}

/** A published site; the same for all tests of a file. */
export interface PublishedSite {
  readonly name: SiteName
  readonly content: SiteImport
  readonly record: Uint8Array<ArrayBuffer>
}

/** Publishes {@link FILES}. */
export async function publishFiles(key: Ed25519PrivateKey): Promise<PublishedSite> {
  const content = await importSite(Object.entries(FILES).map(([path, bytes]) => memoryFile(path, bytes)))
  const { bytes } = await createSiteRecord(key, { root: content.root, sequence: 1 })
  return { name: parseSiteName(siteNameOf(key.publicKey)), content, record: bytes }
}

/** The browser around a worker, for tests: what is stored, the network, the open pages. Workers come and go in it. */
export class TestWorld {
  readonly site: PublishedSite
  readonly state = new MemorySiteState()
  readonly store = new MemoryPieceStore()
  /** What the worker does after it has answered. */
  readonly background: Promise<unknown>[] = []
  readonly pages: PageClient[] = []
  readonly network: TestNetwork
  /** As Firefox does. */
  endsByClock = false
  /** Whether the browser was told to ask for records by itself, each time. */
  readonly preloads: boolean[] = []
  /** So much later than it is. */
  laterMs = 0
  sleep: Clock['sleep'] = (ms, options) => systemClock.sleep(ms, options)
  readonly #roots = new MemoryClientRoots()
  readonly #ports: { close: () => void }[] = []

  constructor(site: PublishedSite) {
    this.site = site
    this.network = { up: true, requests: [], answer: (url) => this.relay(url) }
  }

  /** Closes all ports. */
  close(): void {
    for (const port of this.#ports) port.close()
  }

  /** A relay that has everything. */
  async relay(url: URL): Promise<Response | undefined> {
    const { content, record } = this.site
    if (url.pathname.endsWith('/record')) return new Response(record)
    const cid = /^\/ipfs\/([a-z0-9]+)$/.exec(url.pathname)?.[1]
    if (cid === undefined || !content.blocks.has(cid)) return undefined
    return new Response(new Uint8Array(await content.readBlock(cid)))
  }

  /** A worker that was just started: it shares nothing with the one before but what is stored. */
  async start(config: Partial<WorkerConfig> = {}): Promise<SiteWorker> {
    const { network, pages } = this
    const worker = new SiteWorker(
      {
        state: this.state,
        store: this.store,
        roots: this.#roots,
        clients: {
          list: () => Promise.resolve(pages),
          has: (id) => Promise.resolve(pages.some((page) => page.id === id)),
        },
        clock: { now: () => systemClock.now() + this.laterMs, sleep: (ms, options) => this.sleep(ms, options) },
        databases: { deleteDatabase: () => ({}) as IDBOpenDBRequest },
        caches: { open: () => Promise.reject(new Error('no caches')), delete: () => Promise.resolve(false) },
        cacheName: 'blackhole-runtime',
        fetch: async (request, init = {}) => {
          const url = new URL(typeof request === 'string' ? request : request.url)
          network.requests.push(url.pathname + url.search)
          if (!network.up) throw new TypeError('Failed to fetch')
          return (await network.answer(url, init)) ?? new Response('not here', { status: 404 })
        },
        random: () => 0.5,
        online: () => network.up,
        endsByClock: this.endsByClock,
        unregister: () => Promise.resolve(true),
        preload: (on) => Promise.resolve(this.preloads.push(on)),
        close: () => Promise.resolve(),
        script: new URL(`${ORIGIN}/.blackhole/blackhole-sw.js`),
      },
      {
        site: this.site.name,
        relays: [ORIGIN],
        mode: 'hosted',
        sampleRate: 0,
        storageBytes: 0,
        takeover: true,
        ...config,
      },
    )
    await worker.start()
    return worker
  }

  /** A worker that knows the site. */
  async ready(config: Partial<WorkerConfig> = {}): Promise<SiteWorker> {
    const worker = await this.start(config)
    await worker.begin()
    this.network.requests.length = 0
    return worker
  }

  /** Asks the worker; undefined when it leaves the request to the browser. */
  ask(worker: SiteWorker, path: string, init: Ask = {}): Promise<Response> | undefined {
    const { method = 'GET', headers = {}, destination = '', mode = 'cors', clientId = 'page' } = init
    const event = {
      request: {
        url: new URL(path, ORIGIN).href,
        method,
        headers: new Headers(headers),
        destination,
        mode,
        signal: new AbortController().signal,
        cache: 'default',
      },
      clientId,
      resultingClientId: init.resultingClientId ?? '',
      waitUntil: (work: Promise<unknown>) => this.background.push(work),
    } as unknown as FetchEvent
    return worker.fetch(event, init.preloaded === undefined ? {} : { preloaded: Promise.resolve(init.preloaded) })
  }

  /** Asks the worker, which must answer. */
  async get(worker: SiteWorker, path: string, init: Ask = {}): Promise<Response> {
    const response = this.ask(worker, path, init)
    if (response === undefined) throw new Error(`${path} was left to the browser`)
    return await response
  }

  /** Tells the worker that a navigation was answered without it, and with so many bytes. */
  async answered(worker: SiteWorker, resultingClientId: string, bytes: number): Promise<void> {
    const event = { resultingClientId, waitUntil: (work: Promise<unknown>) => this.background.push(work) }
    await worker.answered(event as unknown as FetchEvent, this.site.content.root, bytes)
  }

  /** Posts a message of a page to the worker. */
  post(worker: SiteWorker, data: unknown, ports: MessagePort[] = []): void {
    const waitUntil = (work: Promise<unknown>): number => this.background.push(work)
    worker.message({ data, source: { id: 'page' }, ports, waitUntil } as unknown as ExtendableMessageEvent)
  }

  /**
   * Opens a page that hosts and has these blocks, which announces itself to the worker.
   *
   * @returns what the worker sends it
   */
  openPage(worker: SiteWorker, blocks: (cid: string) => Promise<Uint8Array | undefined>): WorkerToPage[] {
    const received: WorkerToPage[] = []
    const { port1, port2 } = new MessageChannel()
    const channel = new ChannelPort<WorkerToPage, PageToWorker>(port1, {
      parse: parseWorkerMessage,
      onMessage: (message) => {
        received.push(message)
        if (message.type === 'request') void answer(message.id, message.cids[0] ?? '')
      },
    })
    const answer = async (id: number, cid: string): Promise<void> => {
      const bytes = await blocks(cid)
      if (bytes === undefined) {
        channel.send({ type: 'error', id, error: { name: 'NotFoundError', reason: 'missing', message: cid } })
      } else {
        channel.send({ type: 'chunk', id, cid, source: 'peers', data: new Uint8Array(bytes).buffer })
      }
    }
    this.#ports.push(channel)
    this.pages.push({ id: 'page', postMessage: () => undefined })
    this.post(worker, { type: 'blackhole:connect', version: CHANNEL_VERSION, site: this.site.name }, [port2])
    channel.send({ type: 'hello', version: CHANNEL_VERSION, role: 'host', peers: 1 })
    return received
  }
}

/** Value of `X-Blackhole-Source`. */
export function sourceHeader(response: Response): string | null {
  return response.headers.get('X-Blackhole-Source')
}
