import type { SiteState } from '@blackhole/site'
import type { PieceStore } from '@blackhole/swarm'
import type { Clock } from './clock.ts'
import type { PageClients } from './host/host-directory.ts'
import type { PreloadedRecord } from './start/preloaded-record.ts'
import type { ClientRoots } from './version/client-roots.ts'

/** What a {@link SiteWorker} works with. */
export interface SiteWorkerComponents {
  readonly state: SiteState
  readonly store: PieceStore
  readonly roots: ClientRoots
  readonly clients: PageClients
  readonly clock: Clock
  readonly databases: Pick<IDBFactory, 'deleteDatabase'>
  readonly caches: Pick<CacheStorage, 'open' | 'delete'>
  /** Name of the worker's own cache. */
  readonly cacheName: string
  fetch: (request: Request | string, init?: RequestInit) => Promise<Response>
  random: () => number
  online: () => boolean
  /** The browser ends a worker by the clock even while it streams, and tells nobody: Firefox. */
  readonly endsByClock: boolean
  /** Ends the worker's registration. */
  unregister: () => Promise<unknown>
  /** The browser is to ask for the site's record while it starts the worker for a navigation, or no longer. */
  preload: (on: boolean) => Promise<unknown>
  /** Closes the databases. */
  close: () => Promise<void>
  /** URL of the registered script. */
  readonly script: URL
}

/** What came with a request. */
export interface FetchExtras {
  /** When the event came. Default: now. */
  readonly at?: number
  /** The site's record, as the browser asked for it; unchecked. */
  readonly preloaded?: Promise<PreloadedRecord>
}
