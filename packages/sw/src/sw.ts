/**
 * The service worker, one classic script: `blackhole-sw.js`. Registered by the
 * loader, or imported by a worker of the site's owner with `importScripts`.
 */
import { parseWindowMessage } from '@blackhole/protocol'
import { clientsClaim } from 'workbox-core/clientsClaim.js'
import { CONFIG_GLOBAL, parseWorkerConfig } from './config.ts'
import type { WorkerConfig } from './config.ts'
import { WorkerShell } from './shell.ts'

const scope = globalThis as unknown as ServiceWorkerGlobalScope & { readonly [CONFIG_GLOBAL]?: unknown }

/**
 * A new worker takes over at once. That breaks no open page: which version a
 * page uses is stored, page and worker greet each other with the version of
 * their channel, and the browser lets the old worker finish its responses
 * before the new one is activated. A worker of the owner's is left to them.
 */
function takeOver(): void {
  scope.addEventListener('install', (event) => {
    event.waitUntil(scope.skipWaiting())
  })
  clientsClaim()
  // A page that was being opened while the worker was activated may have been missed, and nobody claims it later.
  scope.addEventListener('message', (event) => {
    if (parseWindowMessage(event.data)?.type === 'blackhole:connect') event.waitUntil(scope.clients.claim())
  })
}

function readConfig(): WorkerConfig | undefined {
  try {
    return parseWorkerConfig(new URL(scope.location.href), scope[CONFIG_GLOBAL])
  } catch (error) {
    // Without a configuration the worker does nothing: the site is as it was.
    console.warn(`Blackhole: the service worker stays idle. ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

const config = readConfig()
if (config !== undefined) {
  if (config.takeover) takeOver()
  new WorkerShell(scope, config).listen()
}
