import { RECORD_PRELOAD, parseWindowMessage } from '@blackhole/protocol'
import { cacheNames } from 'workbox-core/cacheNames.js'
import { setCacheNameDetails } from 'workbox-core/setCacheNameDetails.js'
import { systemClock } from './clock.ts'
import type { WorkerConfig } from './config.ts'
import { isNamedDocument } from './handlers/bypass.ts'
import { isForNetwork } from './handlers/to-network.ts'
import { preloadedRecord } from './start/preloaded-record.ts'
import type { PreloadedRecord } from './start/preloaded-record.ts'
import type { WorkerEvents } from './start/stages.ts'
import { openStorage } from './storage.ts'
import { IdbClientRoots } from './version/client-roots-idb.ts'
import { SiteWorker } from './worker.ts'

/** A first visit is left alone for so long after the worker is activated; then the site's index is loaded even if no page asks. */
const FIRST_LOAD_MS = 10_000

/**
 * Puts a {@link SiteWorker} into the browser's service worker: opens the
 * storage, and holds back events that come before it is open.
 */
export class WorkerShell implements WorkerEvents {
  readonly #scope: ServiceWorkerGlobalScope
  readonly #config: WorkerConfig
  readonly #opening: Promise<SiteWorker>
  #worker: SiteWorker | undefined

  constructor(scope: ServiceWorkerGlobalScope, config: WorkerConfig) {
    this.#scope = scope
    this.#config = config
    this.#opening = this.#open()
  }

  /** Listens. Must be called while the script is first run, as the platform demands. */
  listen(): void {
    const scope = this.#scope
    scope.addEventListener('install', (event) => {
      this.install(event)
    })
    scope.addEventListener('activate', (event) => {
      this.activate(event)
    })
    scope.addEventListener('message', (event) => {
      this.message(event)
    })
    scope.addEventListener('fetch', (event) => {
      this.fetch(event)
    })
  }

  /**
   * A new worker takes over at once. That breaks no open page: which version a
   * page uses is stored, page and worker greet each other with the version of
   * their channel, and the browser lets the old worker finish its responses
   * before the new one is activated. A worker of the owner's is left to them.
   */
  install(event: ExtendableEvent): void {
    if (this.#config.takeover) event.waitUntil(this.#scope.skipWaiting())
  }

  activate(event: ExtendableEvent): void {
    if (this.#config.takeover) {
      void this.#scope.clients.claim()
      // Before the first navigation: what an older worker kept ready may not be what this one would answer.
      event.waitUntil(this.#opening.then((worker) => worker.activated()))
    }
    // Not in the event: requests would wait for it.
    void systemClock
      .sleep(FIRST_LOAD_MS)
      .then(() => this.#opening)
      .then((worker) => worker.begin())
  }

  message(event: ExtendableMessageEvent): void {
    // A page that was being opened while the worker was activated may have been missed, and nobody claims it later.
    if (this.#config.takeover && parseWindowMessage(event.data)?.type === 'blackhole:connect')
      event.waitUntil(this.#scope.clients.claim())
    const at = systemClock.now()
    if (this.#worker === undefined)
      event.waitUntil(
        this.#opening.then((worker) => {
          worker.message(event, at)
        }),
      )
    else this.#worker.message(event)
  }

  fetch(event: FetchEvent): void {
    const preloaded = event.request.mode === 'navigate' ? preloadedRecord(event) : Promise.resolve(undefined)
    // The browser complains of one that nobody waited for.
    if (event.request.mode === 'navigate') event.waitUntil(preloaded)
    if (this.#worker === undefined) {
      // Nothing is known yet, so the answer can't be "not mine": that is the same request, made by the worker.
      if (isOurs(event.request, this.#scope.location.origin, this.#config))
        event.respondWith(this.answer(event, systemClock.now(), preloaded))
      return
    }
    const response = this.#worker.fetch(event, { preloaded })
    if (response !== undefined) event.respondWith(response)
  }

  async answer(event: FetchEvent, at: number, preloaded: Promise<PreloadedRecord>): Promise<Response> {
    const worker = await this.#opening
    return await (worker.fetch(event, { at, preloaded }) ?? this.#scope.fetch(event.request))
  }

  async answered(event: FetchEvent, { root, bytes }: { readonly root: string; readonly bytes: number }): Promise<void> {
    const worker = await this.#opening
    await worker.answered(event, root, bytes)
  }

  async #open(): Promise<SiteWorker> {
    const { clients, registration, indexedDB, caches, location, navigator } = this.#scope
    setCacheNameDetails({ prefix: 'blackhole' })
    const { state, store } = await openStorage({ clock: systemClock }, this.#config)
    const roots = new IdbClientRoots({ clock: systemClock })
    const worker = new SiteWorker(
      {
        state,
        store,
        roots,
        clock: systemClock,
        databases: indexedDB,
        caches,
        cacheName: cacheNames.runtime,
        clients: {
          list: () => clients.matchAll({ includeUncontrolled: true, type: 'window' }),
          has: async (id) => (await clients.get(id)) !== undefined,
        },
        fetch: (request, init) => this.#scope.fetch(request, init),
        random: () => Math.random(),
        online: () => navigator.onLine,
        // There is nothing to be asked but the name.
        endsByClock: navigator.userAgent.includes('Firefox/'),
        unregister: () => registration.unregister(),
        preload: (on) => preloadRecords(registration, on),
        close: async () => {
          await Promise.all([state.close(), store.close(), roots.close()])
        },
        script: new URL(location.href),
      },
      this.#config,
    )
    await worker.start().catch(() => undefined)
    this.#worker = worker
    return worker
  }
}

/** What can be ruled out before anything is known. */
function isOurs({ method, mode, url: href }: Request, origin: string, config: WorkerConfig): boolean {
  const url = new URL(href)
  if ((method !== 'GET' && method !== 'HEAD') || url.origin !== origin || isForNetwork(url)) return false
  return config.mode === 'tag' || !isNamedDocument({ url, navigates: mode === 'navigate' })
}

/** Lets the browser ask for the site's record while it starts the worker, or no longer. */
async function preloadRecords(registration: ServiceWorkerRegistration, on: boolean): Promise<void> {
  // Not every browser has it, and Firefox says so with an error.
  const preload = registration.navigationPreload as NavigationPreloadManager | undefined
  if (!on) return await preload?.disable()
  await preload?.setHeaderValue(RECORD_PRELOAD)
  await preload?.enable()
}
