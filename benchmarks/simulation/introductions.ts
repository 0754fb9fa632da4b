import { MAX_TRACKER_PEERS } from '@blackhole/protocol'
import { SwarmRegistry } from '../../packages/relay/src/tracker/swarm-registry.ts'
import type { SiteName } from '@blackhole/protocol'
import type { SwarmCandidate } from '../../packages/sdk/src/peer/tracker-client.ts'

const SITE = 'k51simulated' as SiteName

/** The relay's tracker: the product's own registry, without the streams around it. */
export class Introductions {
  readonly #registry: SwarmRegistry

  constructor(components: { now: () => number; random: () => number }) {
    this.#registry = new SwarmRegistry(components)
  }

  /** A peer tells what it holds and hears of others, as one announce does. */
  announce(peer: string, have: number, total: number, want: number): SwarmCandidate[] {
    this.#registry.announce(SITE, { peer, have, total })
    const { peers } = this.#registry.draw(SITE, peer, Math.min(want, MAX_TRACKER_PEERS), () => true)
    return peers.map((other) => ({ peer: other.peer, have: other.have, total: other.total, relays: [] }))
  }

  /** A peer's connection to the relay is gone. */
  leave(peer: string): void {
    this.#registry.leaveAll(peer)
  }
}
