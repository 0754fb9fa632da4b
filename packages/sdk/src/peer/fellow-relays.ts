import type { PeerId } from '@libp2p/interface'
import type { FellowInfo, RelayInfo } from '@blackhole/protocol'
import { mayBeRelay } from '../node/dial-gater.ts'

/** What the fellow relays need. */
export interface FellowRelaysComponents {
  /** What the site's own relays said last. */
  readonly infos: () => readonly RelayInfo[]
  /** What they said when they answered last, while none of them answers. */
  readonly remembered: () => readonly FellowInfo[]
  /** Asks them again. */
  readonly ask: () => Promise<void>
  readonly now: () => number
}

/** The part of libp2p that closes connections. */
interface Connections {
  getConnections(): readonly {
    readonly remotePeer: PeerId
    readonly status: string
    close(options: { signal: AbortSignal }): Promise<void>
    abort(error: Error): void
  }[]
}

/** A relay is asked for its fellows at most so often: a stranger's token must not make a crowd ask. */
const ASK_GAP_MS = 10_000

/** A fellow relay that no visitor was reached through for so long is left. */
const IDLE_MS = 60_000

const CLOSE_TIMEOUT_MS = 1_000

/**
 * Relays of the same federation as the site's own: visitors who came there are
 * reached through them, and their tokens are accepted. A page knows them from
 * its own relays alone, which vouch for them; what a tracker writes into an
 * address makes it contact nobody.
 */
export class FellowRelays {
  readonly #components: FellowRelaysComponents
  readonly #used = new Map<string, number>()
  #askedAt = -Infinity
  #asking: Promise<void> | undefined

  constructor(components: FellowRelaysComponents) {
    this.#components = components
  }

  /** All that are vouched for now, the site's own relays left out. */
  list(): FellowInfo[] {
    const infos = this.#components.infos()
    const own = new Set(infos.map(({ peerId }) => peerId))
    const named = [...infos.flatMap(({ fellows = [] }) => fellows), ...this.#components.remembered()]
    const found = named.filter(({ peerId }) => !own.has(peerId))
    return [...new Map(found.map((fellow) => [fellow.peerId, fellow])).values()]
  }

  /** Whether one of the site's relays vouches for a relay; asks again when none did, within bounds. */
  async isVouched(relay: string): Promise<boolean> {
    if (this.list().some(({ peerId }) => peerId === relay)) return true
    await this.#askAgain()
    return this.list().some(({ peerId }) => peerId === relay)
  }

  /** Addresses of a visitor with reservations at these relays, by way of those that are fellows. */
  async addressesOf(peer: string, relays: readonly string[]): Promise<string[]> {
    const addresses: string[] = []
    for (const relay of relays) {
      if (!(await this.isVouched(relay))) continue
      const fellow = this.list().find(({ peerId }) => peerId === relay)
      const direct = fellow?.addresses.filter((address) => mayBeRelay(address, relay)) ?? []
      if (direct.length > 0) this.#used.set(relay, this.#components.now())
      addresses.push(...direct.slice(0, 2).map((address) => `${address}/p2p-circuit/webrtc/p2p/${peer}`))
    }
    return addresses
  }

  /** Leaves fellow relays that nobody was reached through for a while. */
  async prune(node: Connections): Promise<void> {
    for (const [relay, usedAt] of this.#used) {
      if (usedAt + IDLE_MS > this.#components.now()) continue
      this.#used.delete(relay)
      // One that became a relay of this peer's own meanwhile stays.
      if (!this.list().some(({ peerId }) => peerId === relay)) continue
      for (const connection of node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === relay)) {
        await connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch((error: unknown) => {
          connection.abort(error instanceof Error ? error : new Error(String(error)))
        })
      }
    }
  }

  async #askAgain(): Promise<void> {
    const { now, ask } = this.#components
    if (this.#asking === undefined && this.#askedAt + ASK_GAP_MS <= now()) {
      this.#askedAt = now()
      this.#asking = ask().finally(() => {
        this.#asking = undefined
      })
    }
    await this.#asking
  }
}
