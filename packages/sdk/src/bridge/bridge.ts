import { CHANNEL_VERSION, parseWindowMessage } from '@blackhole/protocol'
import type { ReceivedBytes, SiteName } from '@blackhole/protocol'
import { TypedEventEmitter } from 'main-event'
import type { BlockProvider, BlockProviderEvents } from '../peer/block-provider.ts'
import { KeepAlive } from './keep-alive.ts'
import type { LoadedFile } from './loaded-files.ts'
import { WorkerSession } from './worker-session.ts'

/** Ports kept: the worker's, one of a worker that is being replaced, and both sides having opened one at once. */
const MAX_SESSIONS = 4

/** The part of `navigator.serviceWorker` that the bridge uses. */
export type WorkerContainer = Pick<
  ServiceWorkerContainer,
  'controller' | 'ready' | 'addEventListener' | 'removeEventListener' | 'startMessages'
>

/** What a {@link Bridge} works with. */
export interface BridgeComponents {
  readonly provider: BlockProvider
  /** `navigator.serviceWorker`. */
  readonly workers: WorkerContainer
  /** Fires `pagehide` and `pageshow`: the window. */
  readonly page: EventTarget
  /** Files that the page loaded past the worker (`loadedFiles`). */
  loaded: () => LoadedFile[]
  /** Says what a developer should know; default `console.warn`. */
  warn?: (message: string) => void
}

/** Options of a {@link Bridge}. */
export interface BridgeInit {
  readonly site: SiteName
  /** Root CID that the document was served from, where it is known. */
  readonly root?: string
}

/** Events of a {@link Bridge}. */
export interface BridgeEvents {
  /** The worker's counters changed. */
  counters: CustomEvent<ReceivedBytes>
  /** A worker that speaks our version is connected. */
  connect: CustomEvent<undefined>
}

/**
 * The page's end of the channel to the service worker: lets the worker fetch
 * blocks through the page's peer. Either side opens a port; the page renews it
 * when another worker takes over. A worker of another version is asked to
 * update, with one warning that says so, and is not served.
 */
export class Bridge extends TypedEventEmitter<BridgeEvents> {
  readonly #components: BridgeComponents
  readonly #init: BridgeInit
  readonly #keepAlive: KeepAlive
  readonly #sessions = new Set<WorkerSession>()
  readonly #busy = new Set<WorkerSession>()
  #warned = false

  constructor(components: BridgeComponents, init: BridgeInit) {
    super()
    this.#components = components
    this.#init = init
    this.#keepAlive = new KeepAlive((message) => {
      // That of an uncontrolled page streams for others, and counts on this page.
      void this.#worker().then((worker) => worker?.postMessage(message))
    })
  }

  /** Listens for the worker and introduces the page to it. */
  start(): void {
    const { workers, provider, page } = this.#components
    workers.addEventListener('message', this.#onMessage)
    workers.addEventListener('controllerchange', this.#connect)
    workers.startMessages()
    provider.addEventListener('state', this.#onState)
    provider.addEventListener('record', this.#onRecord)
    page.addEventListener('pagehide', this.#onHide)
    page.addEventListener('pageshow', this.#onState)
    this.#connect()
  }

  /** Closes all ports. What the worker waits for, it gets over HTTP. */
  stop(): void {
    const { workers, provider, page } = this.#components
    this.#onHide()
    workers.removeEventListener('message', this.#onMessage)
    workers.removeEventListener('controllerchange', this.#connect)
    provider.removeEventListener('state', this.#onState)
    provider.removeEventListener('record', this.#onRecord)
    page.removeEventListener('pagehide', this.#onHide)
    page.removeEventListener('pageshow', this.#onState)
    this.#keepAlive.set(false)
    for (const session of this.#sessions) session.close()
    this.#sessions.clear()
    this.#busy.clear()
  }

  /** Whether a worker that speaks our version is connected. */
  get connected(): boolean {
    return [...this.#sessions].some((session) => session.greeted)
  }

  readonly #connect = (): void => {
    void this.#introduce().catch(() => undefined)
  }

  async #introduce(): Promise<void> {
    const worker = await this.#worker()
    if (worker === null) return
    const { port1, port2 } = new MessageChannel()
    this.#attach(port1)
    worker.postMessage({ type: 'blackhole:connect', version: CHANNEL_VERSION, site: this.#init.site }, [port2])
  }

  /** An uncontrolled page (a forced reload) can still serve: the worker looks for those as well. */
  async #worker(): Promise<ServiceWorker | null> {
    const { workers } = this.#components
    return workers.controller ?? (await workers.ready).active
  }

  readonly #onMessage = (event: MessageEvent<unknown>): void => {
    const message = parseWindowMessage(event.data)
    const [port] = event.ports
    if (message?.type !== 'blackhole:connect' || port === undefined) return
    if (message.site === this.#init.site) this.#attach(port)
    else port.close()
  }

  #attach(port: MessagePort): void {
    const session = new WorkerSession(port, this.#components.provider, {
      onHello: () => {
        // Every time: when both sides open a port at once, one of the two is dropped with what was sent on it.
        const { root } = this.#init
        const files = this.#components.loaded()
        const loaded = { urls: files.map(({ url }) => url), agesMs: files.map(({ ageMs }) => ageMs) }
        session.send({ type: 'loaded', ...loaded, ...(root === undefined ? {} : { root }) })
        this.safeDispatchEvent('connect')
      },
      onVersionMismatch: (theirs) => {
        this.#heal(theirs)
      },
      onCounters: (received) => {
        this.safeDispatchEvent('counters', { detail: received })
      },
      onBusy: (busy) => {
        this.#setBusy(session, busy)
      },
      onClose: () => {
        this.#drop(session)
      },
    })
    this.#sessions.add(session)
    // A worker that was ended by the browser leaves its port behind without a sign.
    const [oldest] = this.#sessions
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#drop(oldest)
  }

  #drop(session: WorkerSession): void {
    session.close()
    this.#sessions.delete(session)
    this.#setBusy(session, false)
  }

  #setBusy(session: WorkerSession, busy: boolean): void {
    if (busy) this.#busy.add(session)
    else this.#busy.delete(session)
    this.#keepAlive.set(this.#busy.size > 0)
  }

  #heal(theirs: number): void {
    void this.#components.workers.ready.then((registration) => registration.update()).catch(() => undefined)
    if (this.#warned) return
    this.#warned = true
    // eslint-disable-next-line no-console -- it is for the developer of the page
    const warn = this.#components.warn ?? console.warn
    warn(
      `Blackhole: this page speaks version ${String(CHANNEL_VERSION)} of the worker channel, its service worker version ` +
        `${String(theirs)}. The worker is being updated; if this message stays, serve blackhole.js, blackhole-peer.js ` +
        'and blackhole-sw.js from the same relay or release.',
    )
  }

  readonly #onHide = (): void => {
    for (const session of this.#sessions) session.send({ type: 'state', role: 'guest', peers: 0 })
  }

  readonly #onState = (): void => {
    const { provider } = this.#components
    const state = { type: 'state', role: provider.role(), peers: provider.peers() } as const
    for (const session of this.#sessions) session.send(state)
  }

  readonly #onRecord = (event: BlockProviderEvents['record']): void => {
    for (const session of this.#sessions) {
      const record = event.detail.record.slice().buffer
      session.send({ type: 'record', record }, [record])
    }
  }
}
