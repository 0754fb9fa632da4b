import { IDB_PIECE_STORE_DEFAULTS } from '@blackhole/swarm'
import { STATE_DATABASE } from '@blackhole/site'
import { withinMs, type Clock } from '../clock.ts'
import { WORKER_DATABASE } from '../version/client-roots-idb.ts'

/** What {@link SelfRemoval} works with. */
export interface SelfRemovalComponents {
  /** URL of the registered script. */
  readonly script: string
  readonly clock: Clock
  fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Ends the worker's registration. */
  unregister: () => Promise<unknown>
  /** Resolves once the worker does nothing more that it stores something for. */
  idle: () => Promise<void>
  /** Closes what is open. */
  close: () => Promise<void>
  readonly databases: Pick<IDBFactory, 'deleteDatabase'>
  readonly caches: Pick<CacheStorage, 'delete'>
  /** Name of the worker's own cache. */
  readonly cacheName: string
}

/** The script is looked for with navigations, at most this often: one small request beside that of the document. */
const CHECK_MS = 5_000

/** An origin that takes longer than this says nothing about its script. */
const CHECK_TIMEOUT_MS = 20_000

/** What hangs, such as an answer that nobody sends, keeps what is stored no longer than this. */
const IDLE_MS = 5_000

/**
 * Takes the worker and all that it stored out of the browser: when the owner
 * has ended the site, or has deleted the worker's script. Open pages go on
 * without it.
 */
export class SelfRemoval {
  readonly #components: SelfRemovalComponents
  #removal: Promise<void> | undefined
  #checkedAt = -Infinity

  constructor(components: SelfRemovalComponents) {
    this.#components = components
  }

  /** The worker is gone for good, and answers nothing more. */
  get removed(): boolean {
    return this.#removal !== undefined
  }

  /** Looks whether the script is still there, now and then. Anything but a clear "gone" leaves all as it is. Never rejects. */
  async checkScript(): Promise<void> {
    const { clock, fetch, script } = this.#components
    if (this.removed || clock.now() - this.#checkedAt < CHECK_MS) return
    this.#checkedAt = clock.now()
    try {
      const { status } = await fetch(script, {
        method: 'HEAD',
        cache: 'no-store',
        redirect: 'manual',
        signal: AbortSignal.timeout(CHECK_TIMEOUT_MS),
      })
      if (status === 404 || status === 410) await this.remove()
    } catch {
      // Offline: nobody said that it is gone.
    }
  }

  /** Unregisters the worker and deletes its databases and its cache. */
  remove(): Promise<void> {
    this.#removal ??= this.#remove()
    return this.#removal
  }

  async #remove(): Promise<void> {
    const { clock, unregister, idle, close, caches, cacheName } = this.#components
    await unregister()
    // Whoever stores something opens the databases again: nothing new begins, and what goes on ends first.
    await withinMs(clock, IDLE_MS, idle())
    await close().catch(() => undefined)
    await caches.delete(cacheName).catch(() => false)
    // A page that still has one of them open lets go of it when it is asked to.
    for (const name of [IDB_PIECE_STORE_DEFAULTS.databaseName, STATE_DATABASE, WORKER_DATABASE])
      this.#components.databases.deleteDatabase(name)
  }
}
