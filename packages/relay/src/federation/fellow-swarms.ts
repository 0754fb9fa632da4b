import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import * as Digest from 'multiformats/hashes/digest'
import { FellowVerb, LimitError, MAX_TRACKER_PEERS, parseSiteName } from '@blackhole/protocol'
import type { FellowReply, FellowRequest, SiteName, TrackerPeer } from '@blackhole/protocol'
import { FELLOW_SWARM_MS, FELLOW_SWARM_TIMEOUT_MS, MAX_ASKED_FELLOWS, MAX_FELLOW_SWARMS } from './limits.ts'
import { MAX_SWARM_PEERS } from '../limits.ts'
import type { RelayNode } from '../net/node.ts'
import type { SwarmRegistry } from '../tracker/swarm-registry.ts'
import { isWebSocket } from './fellow-address.ts'
import type { Fellow, Fellows } from './fellows.ts'

/** What {@link FellowSwarms} works with. */
export interface FellowSwarmsComponents {
  node: RelayNode
  registry: SwarmRegistry
  fellows: () => Fellows
  now: () => number
}

/** A site's swarm as the fellows see theirs. */
export interface FellowSwarm {
  readonly peers: readonly TrackerPeer[]
  readonly swarmPeers: number
  readonly swarmHolders: number
}

interface Remembered {
  readonly expires: number
  readonly swarm: Promise<FellowSwarm>
}

/** Nobody. */
export const NOBODY_ELSEWHERE: FellowSwarm = Object.freeze({ peers: [], swarmPeers: 0, swarmHolders: 0 })

/** Who is in a site's swarm at other relays, and for these, who is in it here. */
export class FellowSwarms {
  readonly #components: FellowSwarmsComponents
  readonly #remembered = new Map<SiteName, Remembered>()

  constructor(components: FellowSwarmsComponents) {
    this.#components = components
  }

  /**
   * Peers of a site's swarm that fellows introduce, each with the circuit
   * address of its relay. Fellows that don't answer in time are left out.
   */
  async ask(site: SiteName): Promise<FellowSwarm> {
    const { now, fellows } = this.#components
    const list = fellows().list().slice(0, MAX_ASKED_FELLOWS)
    if (list.length === 0) return NOBODY_ELSEWHERE
    const remembered = this.#remembered.get(site)
    if (remembered !== undefined && remembered.expires > now()) return await remembered.swarm
    const swarm = this.#askAll(site, list)
    this.#remembered.delete(site)
    this.#remembered.set(site, { expires: now() + FELLOW_SWARM_MS, swarm })
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > MAX_FELLOW_SWARMS && oldest !== undefined) this.#remembered.delete(oldest)
    return await swarm
  }

  /** Answers a fellow that asks who is here. */
  answer(request: Pick<FellowRequest, 'site' | 'want'>): Omit<FellowReply, 'error' | 'proof' | 'info'> {
    const { registry, node } = this.#components
    const site = parseSiteName(request.site, 'request.site')
    const drawn = registry.draw(site, '', Math.min(request.want, MAX_TRACKER_PEERS), (peer) =>
      node.services.relay.reservations.has(peerIdFromString(peer)),
    )
    return {
      peers: drawn.peers.map(({ peer, have, total }) => ({
        id: peerIdFromString(peer).toMultihash().bytes,
        have,
        total,
      })),
      swarmPeers: drawn.swarmPeers,
      swarmHolders: drawn.swarmHolders,
    }
  }

  async #askAll(site: SiteName, list: readonly Fellow[]): Promise<FellowSwarm> {
    const signal = AbortSignal.timeout(FELLOW_SWARM_TIMEOUT_MS)
    const answers = await Promise.allSettled(list.map((fellow) => this.#askOne(site, fellow, signal)))
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    return {
      peers: found.flatMap(({ peers }) => peers),
      swarmPeers: found.reduce((sum, { swarmPeers }) => sum + swarmPeers, 0),
      swarmHolders: found.reduce((sum, { swarmHolders }) => sum + swarmHolders, 0),
    }
  }

  async #askOne(site: SiteName, { connection, info }: Fellow, signal: AbortSignal): Promise<FellowSwarm> {
    const request = { verb: FellowVerb.FELLOW_SWARM, site, want: MAX_TRACKER_PEERS }
    const reply = await this.#components.fellows().ask(connection, request, signal)
    if (reply.peers.length > MAX_TRACKER_PEERS)
      throw new LimitError("peers in a fellow's answer", MAX_TRACKER_PEERS, reply.peers.length)
    // As many as a relay keeps: a sum beyond what the answer has room for would say that nobody is there.
    const swarmPeers = Math.min(reply.swarmPeers, MAX_SWARM_PEERS)
    const relay = info.addresses.find((address) => isWebSocket(multiaddr(address)))
    if (relay === undefined) return NOBODY_ELSEWHERE
    return {
      peers: reply.peers.map(({ id, have, total }) => {
        const peer = peerIdFromMultihash(Digest.decode(id)).toString()
        const address = multiaddr(`${relay}/p2p-circuit/webrtc/p2p/${peer}`).bytes
        return { id, addresses: [new Uint8Array(address)], have: Math.min(have, total), total }
      }),
      swarmPeers,
      swarmHolders: Math.min(reply.swarmHolders, swarmPeers),
    }
  }
}
