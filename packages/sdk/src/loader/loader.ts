import type { LoadedPeer, LoaderConfig, PageStatus, PeerModule } from './loader-config.ts'
import { readStoredCounters } from './stored-counters.ts'

/**
 * `blackhole.js`: the script behind the tag. It stays below 3 KB: registers
 * the worker, and fetches the peer when the page has loaded and is idle, or as
 * soon as the worker needs it. `docs/script-tag.md` lists the attributes.
 */
interface PageBlackhole extends EventTarget {
  readonly ready: Promise<void>
  status(): Promise<PageStatus>
  optOut(): Promise<void>
  optIn(): Promise<void>
}

/** Where the visitor's choice lies for the loader: it must be read before anything is fetched. */
const OPT_OUT_KEY = 'blackhole:opted-out'

const script = document.currentScript as HTMLScriptElement | null
if (script?.dataset['site'] !== undefined && !('blackhole' in window)) {
  Object.defineProperty(window, 'blackhole', { value: load(script, script.dataset['site']), enumerable: true })
}

function load(tag: HTMLScriptElement, site: string): PageBlackhole {
  const data: LoaderConfig['data'] = Object.assign({}, tag.dataset)
  const { origin } = new URL(tag.src)
  const relays = (data['relay'] ?? origin).split(/[\s,]+/).filter((relay) => relay !== '')
  const config: LoaderConfig = { site, relays, data }
  const worker = data['worker'] ?? '/blackhole-sw.js'
  const events = new EventTarget()
  let module: Promise<PeerModule> | undefined
  let peer: Promise<LoadedPeer> | undefined
  let isReady = (): void => undefined
  let failed: (error: unknown) => void = () => undefined
  const ready = new Promise<void>((resolve, reject) => {
    isReady = resolve
    failed = reject
  })
  // Nobody has to listen.
  ready.catch(() => undefined)

  const loadPeer = (): Promise<PeerModule> =>
    (module ??= importPeer(data['peer'] ?? new URL('blackhole-peer.js', tag.src).href, data['peerIntegrity']))

  const startPeer = (): Promise<LoadedPeer> => {
    peer ??= (async () => {
      const started = await (await loadPeer()).start(config)
      for (const type of ['statuschange', 'update', 'consent']) {
        started.addEventListener(type, (event) =>
          events.dispatchEvent(new CustomEvent(type, { detail: (event as CustomEvent<unknown>).detail })),
        )
      }
      Promise.all([controlled(worker), started.joined]).then(() => {
        isReady()
      }, failed)
      return started
    })()
    peer.catch(broken)
    return peer
  }
  const broken = (error: unknown): void => {
    console.warn('Blackhole:', error)
    failed(error)
  }

  const begin = (): void => {
    const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined
    if (workers === undefined) {
      failed(new Error('This page has no service workers: it is not secure (https), or the browser has none'))
      return
    }
    workers.addEventListener('message', (event: MessageEvent<{ type?: unknown } | null>) => {
      if (event.data?.type === 'blackhole:connect') void startPeer()
    })
    workers.startMessages()
    const register = (): void => {
      if (worker !== 'none') workers.register(workerUrl(worker, config, tag), { scope: '/' }).catch(broken)
    }
    // A page that no worker controls would only lose by the worker's download beside its own files.
    const isControlled = workers.controller !== null
    if (isControlled) register()
    const start = (): void => {
      // After the peer's script: the worker's is as long, and who waits for it waits for the first connection as well.
      if (!isControlled) loadPeer().then(register, register)
      void startPeer()
    }
    if ((data['eager'] ?? 'false') !== 'false') start()
    else if (document.readyState === 'complete') idle(start)
    else
      addEventListener(
        'load',
        () => {
          idle(start)
        },
        { once: true },
      )
  }

  const choose = async (out: boolean): Promise<void> => {
    remember(out)
    const controller = (navigator.serviceWorker as ServiceWorkerContainer | undefined)?.controller
    controller?.postMessage({ type: 'blackhole:opt-out', optedOut: out })
    if (!out && peer === undefined) begin()
    if (peer !== undefined) await (await peer).setOptedOut(out)
  }

  if (isOptedOut()) failed(new Error('The visitor has opted out'))
  else begin()

  return Object.assign(events, {
    ready,
    status: async (): Promise<PageStatus> => {
      const running = await peer?.catch(() => undefined)
      if (running !== undefined) return running.status()
      const { shared, ...received } = await readStoredCounters()
      return { role: 'off', peers: 0, received, shared }
    },
    optOut: () => choose(true),
    optIn: () => choose(false),
  })
}

/** `import()` takes no hash, so a module whose hash is given is fetched, checked by the browser, and imported as a blob. */
async function importPeer(url: string, integrity: string | undefined): Promise<PeerModule> {
  const from = integrity === undefined ? url : URL.createObjectURL(await (await fetch(url, { integrity })).blob())
  return (await import(/* @vite-ignore */ from)) as PeerModule
}

/** The worker learns its configuration from its own URL: it may be started with no page open. */
function workerUrl(worker: string, { site, relays, data }: LoaderConfig, tag: HTMLScriptElement): string {
  const url = new URL(worker, location.href)
  const hosted = worker.startsWith('/.blackhole/') && new URL(tag.src).origin === location.origin
  url.searchParams.set('site', site)
  for (const relay of relays) url.searchParams.append('relay', relay)
  url.searchParams.set('mode', data['mode'] ?? (hosted ? 'hosted' : 'tag'))
  if (data['sample'] !== undefined) url.searchParams.set('sample', data['sample'])
  if (data['storageLimit'] !== undefined) url.searchParams.set('storage', data['storageLimit'])
  return url.href
}

async function controlled(worker: string): Promise<void> {
  const workers = navigator.serviceWorker
  if (worker === 'none') await workers.ready
  if (workers.controller === null) {
    await new Promise((resolve) => {
      workers.addEventListener('controllerchange', resolve, { once: true })
    })
  }
}

function idle(task: () => unknown): void {
  if ('requestIdleCallback' in window) requestIdleCallback(() => task(), { timeout: 2_000 })
  else setTimeout(task, 200)
}

function isOptedOut(): boolean {
  try {
    return localStorage.getItem(OPT_OUT_KEY) !== null
  } catch {
    // Storage is blocked: the peer's own state decides.
    return false
  }
}

function remember(out: boolean): void {
  try {
    if (out) localStorage.setItem(OPT_OUT_KEY, '1')
    else localStorage.removeItem(OPT_OUT_KEY)
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
}
