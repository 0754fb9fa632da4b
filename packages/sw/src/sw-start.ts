/**
 * The script that a hosted site's worker is registered with, one small classic
 * script: what a site's own origin has at `/.blackhole/blackhole-sw.js`. The
 * rest, `sw.ts`, is loaded with it and run when it is needed.
 */
import { SCRIPT_PATHS } from '@blackhole/protocol'
import { systemClock } from './clock.ts'
import { START_GLOBAL } from './start/stages.ts'
import type { StartedWorker } from './start/stages.ts'
import { WorkerStart } from './start/worker-start.ts'

const scope = globalThis as unknown as ServiceWorkerGlobalScope & { [START_GLOBAL]?: StartedWorker }
const { pathname, searchParams, origin } = new URL(scope.location.href)
const site = searchParams.get('site')
const load = (): void => {
  scope.importScripts(SCRIPT_PATHS.wholeWorker)
}

// What is kept ready is the site's own relay's to confirm; more relays, other modes and owners' workers are the whole worker's.
if (
  pathname === SCRIPT_PATHS.worker &&
  site !== null &&
  searchParams.get('mode') === 'hosted' &&
  searchParams.getAll('relay').every((relay) => URL.parse(relay, origin)?.origin === origin)
) {
  const started: StartedWorker = { events: undefined }
  scope[START_GLOBAL] = started
  new WorkerStart({ scope, clock: systemClock, started, load }, site).listen()
} else {
  load()
}
