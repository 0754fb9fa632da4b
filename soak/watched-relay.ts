import { startRelay } from '@blackhole/testkit'
import type { RelayProcess } from '@blackhole/testkit'
import { DevTools } from './devtools.ts'
import { anonymousBytes } from './resident-bytes.ts'
import type { Counters, Memory } from './sample.ts'

/** A relay in a process of its own, with a debugger that reads its heap. */
export class WatchedRelay {
  readonly relay: RelayProcess
  readonly #devtools: DevTools

  private constructor(relay: RelayProcess, devtools: DevTools) {
    this.relay = relay
    this.#devtools = devtools
  }

  static async start(): Promise<WatchedRelay> {
    const relay = await startRelay({ env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } })
    const [, url] = /Debugger listening on (ws:\S+)/.exec(relay.log) ?? []
    if (url === undefined) throw new Error(`The relay has no debugger\n${relay.log}`)
    return new WatchedRelay(relay, await DevTools.connect(url))
  }

  async memory(): Promise<Memory> {
    const heap = await this.#devtools.liveHeapBytes()
    return { heap, resident: await anonymousBytes(this.relay.pid === undefined ? [] : [this.relay.pid]) }
  }

  /** What must be as before when everyone has left. */
  async counters(): Promise<Counters> {
    const metrics = await this.relay.metrics()
    return {
      'relay: connections': metrics.value('blackhole_connections'),
      'relay: streams': metrics.value('blackhole_streams'),
      'relay: peers in swarms': metrics.value('blackhole_peers'),
      'relay: reservations': metrics.value('blackhole_reservations'),
      'relay: timers': metrics.value('nodejs_active_resources', { type: 'Timeout' }),
      'relay: sockets': metrics.value('nodejs_active_resources', { type: 'TCPSocketWrap' }),
    }
  }

  async stop(): Promise<void> {
    this.#devtools.close()
    await this.relay.stop()
  }
}
