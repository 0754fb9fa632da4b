import { Bridge } from '../bridge/bridge.ts'
import { loadedFiles } from '../bridge/loaded-files.ts'
import { DeviceConditions, type DeviceComponents } from '../host/device-conditions.ts'
import { HostChannel } from '../host/host-channel.ts'
import type { LoaderConfig } from '../loader/loader-config.ts'
import { ConnectionBudget, type BudgetStorage } from '../peer/connection-budget.ts'
import { RelayClient } from '../relay-client/relay-client.ts'
import { sleep } from '../sleep.ts'
import { showWidget } from '../widget/widget.ts'
import { errorLog } from './console-log.ts'
import { documentRoot } from './document-root.ts'
import { PageBlockProvider } from './page-block-provider.ts'
import { parsePageConfig } from './page-config.ts'
import { PagePeer } from './page-peer.ts'
import { openPageStores } from './page-stores.ts'
import { SwarmTiming } from './swarm-timing.ts'
import { visitedPage } from './visited-page.ts'

/**
 * `blackhole-peer.js`: starts the page's part in the swarm of its site. The
 * loader calls it once.
 *
 * @throws {ValidationError} naming the attribute of the tag that is wrong
 */
export async function start(config: LoaderConfig): Promise<PagePeer> {
  const onError = errorLog((text) => {
    console.debug(text)
  })
  const page = parsePageConfig(config)
  const { store, state } = await openPageStores(page)
  const provider = new PageBlockProvider()
  const root = page.root ?? documentRoot(performance.getEntriesByType('navigation') as PerformanceNavigationTiming[])
  const bridge = new Bridge(
    {
      provider,
      workers: navigator.serviceWorker,
      page: window,
      loaded: () =>
        loadedFiles(
          [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')],
          location.origin,
          performance.now(),
        ),
    },
    { site: page.site, ...(root === undefined ? {} : { root }) },
  )
  const peer = new PagePeer(
    {
      store,
      state,
      provider,
      relays: page.relays.map((url) => new RelayClient({}, { url })),
      channel: new HostChannel({ open: (name) => new BroadcastChannel(name) }, page),
      conditions: new DeviceConditions({ navigator: navigator as DeviceComponents['navigator'], document }),
      worker: greeted(bridge, navigator.serviceWorker),
      // Not there in insecure contexts.
      locks: (navigator as { readonly locks?: LockManager }).locks,
      now: Date.now,
      random: Math.random,
      timing: new SwarmTiming({ performance }),
      budget: new ConnectionBudget({ storage: tabStorage() }),
      loadMs,
      page: page.prefetch ? visitedPage(document) : undefined,
      onError,
    },
    // A browser that says so for its visitor (Global Privacy Control, W3C) reports nothing.
    {
      ...page,
      report: page.report && !('globalPrivacyControl' in navigator && navigator.globalPrivacyControl === true),
    },
  )
  bridge.addEventListener('counters', () => {
    peer.refresh()
  })
  addEventListener('pagehide', () => {
    peer.suspend()
  })
  addEventListener('pageshow', (event) => {
    if (event.persisted) peer.resume()
  })
  if (page.widget || page.consent) showWidget(peer, { document, prompt: page.consent, always: page.widget })
  // The caller listens before the first event.
  peer
    .start()
    .then(() => {
      bridge.start()
    })
    .catch((error: unknown) => {
      onError('starting', error)
    })
  return peer
}

/** From the click to the end of `load` (Navigation Timing, W3C). */
function loadMs(): number | undefined {
  const [navigation] = performance.getEntriesByType('navigation')
  return navigation === undefined || navigation.duration === 0 ? undefined : Math.round(navigation.duration)
}

/** Storage of the tab; undefined where the browser forbids it. */
function tabStorage(): BudgetStorage | undefined {
  try {
    return sessionStorage
  } catch {
    return undefined
  }
}

/** A worker that is active greets at once; one of another version is asked to update, and doesn't. */
const GREETING_MS = 3_000

/** Resolves when the worker knows of this page, and so answers what it asks for; or when it can't be waited for any longer. */
async function greeted(bridge: Bridge, workers: ServiceWorkerContainer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  bridge.addEventListener(
    'connect',
    () => {
      resolve(undefined)
    },
    { once: true },
  )
  await workers.ready
  await Promise.race([promise, sleep(GREETING_MS)])
}
