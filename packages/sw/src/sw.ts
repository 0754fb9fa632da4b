/**
 * The whole service worker, one classic script: `blackhole-sw.js`. Registered
 * by the loader, imported by a worker of the site's owner with `importScripts`,
 * or run by `sw-start.ts`, which has heard the first event then.
 */
import { CONFIG_GLOBAL, parseWorkerConfig } from './config.ts'
import type { WorkerConfig } from './config.ts'
import { WorkerShell } from './shell.ts'
import { START_GLOBAL } from './start/stages.ts'
import type { StartedWorker } from './start/stages.ts'

const scope = globalThis as unknown as ServiceWorkerGlobalScope & {
  readonly [CONFIG_GLOBAL]?: unknown
  readonly [START_GLOBAL]?: StartedWorker
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
const started = scope[START_GLOBAL]
if (config !== undefined) {
  const shell = new WorkerShell(scope, config)
  if (started === undefined) shell.listen()
  else started.events = shell
}
