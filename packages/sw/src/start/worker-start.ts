import { RESERVED_FOLDER } from '@blackhole/protocol'
import { withinMs } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { isForNetwork } from '../handlers/to-network.ts'
import { isDocumentRequest } from '../response/document.ts'
import { setSourceHeaders } from '../response/source-headers.ts'
import { preloadedRecord } from './preloaded-record.ts'
import type { PreloadedRecord } from './preloaded-record.ts'
import type { StartedWorker, WorkerEvents } from './stages.ts'
import { storedAnswer } from './stored-answer.ts'
import type { StoredAnswer } from './stored-answer.ts'

/** What a {@link WorkerStart} works with. */
export interface WorkerStartComponents {
  readonly scope: Pick<ServiceWorkerGlobalScope, 'addEventListener' | 'location' | 'indexedDB' | 'fetch'>
  readonly clock: Clock
  /** Where the whole worker puts itself. */
  readonly started: StartedWorker
  /** Runs the whole worker's script, at once. */
  load: () => void
}

/** A navigation waits so long for the relay to say what is newest; the whole worker waits as long. */
const RECORD_TIMEOUT_MS = 500

/** Storage that takes longer hangs, or is being made anew: the whole worker knows what to do then. */
const STORAGE_TIMEOUT_MS = 500

/** Headers of requests that want something else than the whole document. */
const CONDITIONS = ['Range', 'If-None-Match', 'If-Modified-Since', 'If-Range', 'Authorization']

/**
 * Starts a worker with as little as can be: the browser ends workers that are
 * idle, and running the whole script again costs more than the answer. A
 * navigation to a document that is ready is answered with it, when the relay
 * says that nothing newer was published; the whole script runs after that, or
 * at once for whatever else is asked for.
 */
export class WorkerStart {
  readonly #components: WorkerStartComponents
  readonly #site: string
  #loaded = false

  constructor(components: WorkerStartComponents, site: string) {
    this.#components = components
    this.#site = site
  }

  /** Listens. Must be called while the script is first run, as the platform demands. */
  listen(): void {
    const { scope } = this.#components
    scope.addEventListener('install', (event) => {
      this.#whole()?.install(event)
    })
    scope.addEventListener('activate', (event) => {
      this.#whole()?.activate(event)
    })
    scope.addEventListener('message', (event) => {
      this.#whole()?.message(event)
    })
    scope.addEventListener('fetch', (event) => {
      if (this.#loaded || !mayBeReady(event, scope.location.origin)) this.#whole()?.fetch(event)
      else event.respondWith(this.#answer(event))
    })
  }

  async #answer(event: FetchEvent): Promise<Response> {
    const { scope, clock } = this.#components
    const at = clock.now()
    const { pathname, search } = new URL(event.request.url)
    const preloaded = preloadedRecord(event)
    // The browser complains of one that nobody waited for.
    event.waitUntil(preloaded)
    const found = storedAnswer(scope.indexedDB, this.#site, pathname + search, at)
    const stored = await withinMs(clock, STORAGE_TIMEOUT_MS, found)
    if (stored === undefined || !(await this.#isNewest(stored, preloaded))) {
      return (await this.#whole()?.answer(event, at, preloaded)) ?? (await scope.fetch(event.request))
    }
    event.waitUntil(this.#after(event, stored))
    const headers = new Headers(stored.headers.map(([name, value]) => [name, value]))
    setSourceHeaders(headers, 'local', clock.now() - at)
    return new Response(stored.bytes, { headers })
  }

  /** A relay that doesn't answer changes nothing; one that answers something else is for the whole worker to check. */
  async #isNewest({ record }: StoredAnswer, preloaded: Promise<PreloadedRecord>): Promise<boolean> {
    const asked = preloaded.then((answer) => answer ?? 'not asked')
    const answer = (await withinMs(this.#components.clock, RECORD_TIMEOUT_MS, asked)) ?? 'unreachable'
    if (typeof answer === 'string') return answer === 'unreachable'
    return answer.byteLength === record.byteLength && answer.every((byte, at) => byte === record[at])
  }

  /** What the whole worker has to know of the answer, once that is on its way. */
  async #after(event: FetchEvent, { root, bytes }: StoredAnswer): Promise<void> {
    await event.handled.catch(() => undefined)
    // The answer goes out in a task of its own.
    await this.#components.clock.sleep(0)
    await this.#whole()?.answered(event, { root, bytes: bytes.byteLength })
  }

  #whole(): WorkerEvents | undefined {
    if (!this.#loaded) {
      this.#loaded = true
      this.#components.load()
    }
    return this.#components.started.events
  }
}

/** Whether a request loads a whole document of the site into a tab; a frame has the version of its page. */
function mayBeReady({ request, clientId }: FetchEvent, origin: string): boolean {
  if (clientId !== '' && request.destination !== 'document') return false
  if (request.method !== 'GET' || request.mode !== 'navigate' || !isDocumentRequest(request)) return false
  const url = new URL(request.url)
  if (url.origin !== origin || isForNetwork(url) || CONDITIONS.some((name) => request.headers.has(name))) return false
  return !new RegExp(`^/(${RESERVED_FOLDER.replace('.', '\\.')}|ipfs|ipns)/`).test(url.pathname)
}
