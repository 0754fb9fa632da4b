import { cacheNames } from 'workbox-core/cacheNames.js'
import { setCacheNameDetails } from 'workbox-core/setCacheNameDetails.js'
import { systemClock } from './clock.ts'
import type { WorkerConfig } from './config.ts'
import { isNamedDocument } from './handlers/bypass.ts'
import { isForNetwork } from './handlers/to-network.ts'
import { openStorage } from './storage.ts'
import { IdbClientRoots } from './version/client-roots-idb.ts'
import { SiteWorker } from './worker.ts'

/** A first visit is left alone for so long after the worker is activated; then the site's index is loaded even if no page asks. */
const FIRST_LOAD_MS = 10_000

/**
 * Puts a {@link SiteWorker} into the browser's service worker: opens the
 * storage, and holds back events that come before it is open.
 */
export class WorkerShell {
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
    scope.addEventListener('fetch', (event) => {
      this.#onFetch(event)
    })
    scope.addEventListener('message', (event) => {
      const at = systemClock.now()
      if (this.#worker === undefined)
        event.waitUntil(
          this.#opening.then((worker) => {
            worker.message(event, at)
          }),
        )
      else this.#worker.message(event)
    })
    scope.addEventListener('activate', () => {
      // Not in the event: requests would wait for it.
      void systemClock
        .sleep(FIRST_LOAD_MS)
        .then(() => this.#opening)
        .then((worker) => worker.begin())
    })
  }

  #onFetch(event: FetchEvent): void {
    if (this.#worker === undefined) {
      // Nothing is known yet, so the answer can't be "not mine": that is the same request, made by the worker.
      if (isOurs(event.request, this.#scope.location.origin, this.#config)) {
        const at = systemClock.now()
        event.respondWith(this.#opening.then((worker) => worker.fetch(event, at) ?? this.#scope.fetch(event.request)))
      }
      return
    }
    const response = this.#worker.fetch(event)
    if (response !== undefined) event.respondWith(response)
  }

  async #open(): Promise<SiteWorker> {
    const { clients, registration, indexedDB, caches, location, navigator } = this.#scope
    setCacheNameDetails({ prefix: 'blackhole' })
    const { state, store } = await openStorage(this.#config)
    const roots = new IdbClientRoots()
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
