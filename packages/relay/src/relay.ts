import type { RelayInfo, SiteName } from '@blackhole/protocol'
import { createLog } from './log.ts'
import { checkRelayInit } from './config.ts'
import type { RelayInit } from './config.ts'
import type { RelayComponents, RunningParts } from './parts.ts'
import type { PullZoneStatus } from './pull/pull-zone.ts'

/** A relay: one process that introduces visitors, keeps sites, and stands in where no browser can. */
export interface Relay {
  /** Resolves once everything runs; a relay that failed to start has left nothing open. */
  start(): Promise<void>
  /** Lets answers under way end, then closes all. What was published stays. */
  stop(): Promise<void>
  /** URL of its own origin, with final slash. Once started. */
  readonly url: string
  /** What it says of itself at `relayPaths.relay()`. Once started. */
  readonly info: RelayInfo
  /** URL of a site's origin, with final slash. Once started. */
  siteUrl: (name: SiteName) => string
  /** The pull zones and what each waits for. Once started. */
  readonly pullZones: readonly PullZoneStatus[]
}

/**
 * Makes a relay; {@link Relay.start} runs it.
 *
 * @param init - options; what is left out has the value of `RELAY_DEFAULTS`
 * @param components - what to use in place of the clock, chance, log and DNS
 * @throws {ValidationError} naming the option that is wrong
 */
export function createRelay(init: Partial<RelayInit>, components: Partial<RelayComponents> = {}): Relay {
  const options = checkRelayInit({ ...init })
  const used: RelayComponents = {
    log: components.log ?? createLog(options.logLevel),
    now: components.now ?? Date.now,
    random: components.random ?? Math.random,
    ...(components.resolveTxt === undefined ? {} : { resolveTxt: components.resolveTxt }),
  }
  let running: RunningParts | undefined
  const parts = (): RunningParts => {
    if (running === undefined) throw new Error('The relay is not started')
    return running
  }
  return {
    async start() {
      if (running !== undefined) return
      // Loaded here, since it brings libp2p with it: importing the package stays cheap and without effects.
      const { startParts } = await import('./parts.ts')
      running = await startParts(used, options)
      used.log.info({ url: running.url, peerId: running.info().peerId, data: options.data }, 'relay is ready')
    },
    async stop() {
      const stopping = running
      if (stopping === undefined) return
      running = undefined
      used.log.info('relay is stopping')
      await stopping.stop()
      used.log.info('relay has stopped')
    },
    get url() {
      return parts().url
    },
    get info() {
      return parts().info()
    },
    siteUrl: (name) => parts().siteUrl(name),
    get pullZones() {
      return parts().pullZones()
    },
  }
}
