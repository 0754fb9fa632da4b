import type { Connection, PeerId, Startable, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { pbStream } from '@libp2p/utils'
import { CODE_IP4, CODE_IP6, multiaddr } from '@multiformats/multiaddr'
import {
  Announce,
  AnnounceEvent,
  AnnounceReply,
  BlackholeError,
  CONTROL_TIMEOUT_MS,
  MAX_CONTROL_MESSAGE_BYTES,
  decodeControlLength,
  MAX_TRACKER_PEERS,
  TRACKER_PROTOCOL,
  errorToWire,
  parseSiteName,
} from '@blackhole/protocol'
import type { SiteName, TrackerPeer } from '@blackhole/protocol'
import { ANNOUNCES_PER_SECOND, ANNOUNCE_INTERVAL_MS, MAX_SWARM_PEERS } from '../limits.ts'
import type { RelayNode } from '../net/node.ts'
import { RateLimiter } from '../rate-limiter.ts'
import type { FellowSwarm } from '../federation/fellow-swarms.ts'
import type { SwarmTokens } from '../tokens.ts'
import { Networks } from './networks.ts'
import type { SwarmRegistry } from './swarm-registry.ts'

/** What {@link Tracker} works with. */
export interface TrackerComponents {
  node: RelayNode
  registry: SwarmRegistry
  tokens: SwarmTokens
  now: () => number
  random: () => number
  /** The operator's table of networks. Default: an empty one. */
  networks?: Networks
  /** Who is in the swarm at fellow relays. Default: nobody is asked. */
  elsewhere?: (site: SiteName) => Promise<FellowSwarm>
}

/** The address that a connection comes from; undefined for one that is relayed. */
function addressOf(connection: Connection): string | undefined {
  return connection.remoteAddr.getComponents().find(({ code }) => code === CODE_IP4 || code === CODE_IP6)?.value
}

/** How often swarms are swept of silent peers. */
const SWEEP_INTERVAL_MS = 10_000

/** Peer ids that are kept read: those of a full swarm. */
const MAX_REMEMBERED_IDS = MAX_SWARM_PEERS

/** Code of `/p2p/` (421) as a varint. */
const P2P_CODE = Uint8Array.of(0xa5, 0x03)

/** `/blackhole/tracker/1.0.0`: introduces the visitors of a site to one another. */
export class Tracker implements Startable {
  readonly #components: TrackerComponents
  readonly #limiter: RateLimiter
  #timer: NodeJS.Timeout | undefined
  #announces = 0
  readonly #ids = new Map<string, PeerId>()

  constructor(components: TrackerComponents) {
    this.#components = components
    this.#limiter = new RateLimiter(components, { perSecond: ANNOUNCES_PER_SECOND, burst: 20 })
  }

  /** Announcements heard so far, refused ones included. */
  get announces(): number {
    return this.#announces
  }

  async start(): Promise<void> {
    const { node, registry } = this.#components
    await node.handle(TRACKER_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: 8,
    })
    node.addEventListener('peer:disconnect', this.#onDisconnect)
    this.#timer = setInterval(() => {
      registry.sweep()
    }, SWEEP_INTERVAL_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    const { node } = this.#components
    clearInterval(this.#timer)
    node.removeEventListener('peer:disconnect', this.#onDisconnect)
    await node.unhandle(TRACKER_PROTOCOL)
  }

  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    this.#components.registry.leaveAll(event.detail.toString())
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const signal = AbortSignal.timeout(CONTROL_TIMEOUT_MS)
    try {
      const messages = pbStream(stream, {
        maxDataLength: MAX_CONTROL_MESSAGE_BYTES,
        lengthDecoder: decodeControlLength,
      })
      const announce = await messages.read(Announce, { signal })
      await messages.write(await this.#answer(announce, connection), AnnounceReply, { signal })
      await stream.close({ signal })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #answer(announce: Announce, connection: Connection): Promise<AnnounceReply> {
    this.#announces += 1
    const reply: AnnounceReply = {
      intervalMs: ANNOUNCE_INTERVAL_MS,
      peers: [],
      swarmPeers: 0,
      swarmHolders: 0,
      error: '',
    }
    try {
      const { registry, tokens, networks = Networks.none } = this.#components
      const peer = connection.remotePeer
      const id = peer.toString()
      const ownId = peer.toMultihash().bytes
      if (!this.#limiter.take(id))
        throw new BlackholeError('limit', `A peer may announce ${String(ANNOUNCES_PER_SECOND)} times a second`)
      const site = parseSiteName(announce.site, 'announce.site')
      await tokens.verify(announce.token, site, id)
      if (announce.event === AnnounceEvent.ANNOUNCE_STOPPED) {
        registry.leave(site, id)
        return reply
      }
      registry.announce(
        site,
        { peer: id, have: Math.min(announce.have, announce.total), total: announce.total },
        { place: networks.place(addressOf(connection), connection.rtt), free: announce.want },
      )
      const want = Math.min(announce.want, MAX_TRACKER_PEERS)
      const drawn = registry.draw(site, id, want, (other) => this.#dialable(other))
      const circuit = this.#circuit()
      const here = drawn.peers.map(({ peer: other, have, total }) => {
        const id = this.#idOf(other).toMultihash().bytes
        return { id, addresses: circuit === undefined ? [] : [throughCircuit(circuit, id)], have, total }
      })
      // Visitors of other relays are further away: they fill up.
      const elsewhere = here.length < want ? await this.#components.elsewhere?.(site) : undefined
      return {
        ...reply,
        swarmPeers: drawn.swarmPeers + (elsewhere?.swarmPeers ?? 0),
        swarmHolders: drawn.swarmHolders + (elsewhere?.swarmHolders ?? 0),
        peers: [
          ...here,
          ...this.#others(elsewhere?.peers ?? [], [...here.map((each) => each.id), ownId], want - here.length),
        ],
      }
    } catch (error) {
      return { ...reply, error: JSON.stringify(errorToWire(error)) }
    }
  }

  /** Holders first, at random, and nobody who is named already. */
  #others(peers: readonly TrackerPeer[], named: readonly Uint8Array[], want: number): TrackerPeer[] {
    const seen = new Set(named.map((id) => Buffer.from(id).toString('hex')))
    return peers
      .filter(({ id }) => {
        const key = Buffer.from(id).toString('hex')
        return seen.has(key) ? false : seen.add(key)
      })
      .map((peer) => ({ peer, rank: (peer.have > 0 ? 1 : 0) + this.#components.random() }))
      .sort((a, b) => b.rank - a.rank)
      .slice(0, want)
      .map(({ peer }) => peer)
  }

  /** Browsers are reached through their reservation at this relay alone. */
  #dialable(peer: string): boolean {
    return this.#components.node.services.relay.reservations.has(this.#idOf(peer))
  }

  /** Reading an id costs more than all else of a draw, and the same peers are drawn again and again. */
  #idOf(peer: string): PeerId {
    let id = this.#ids.get(peer)
    if (id === undefined) {
      if (this.#ids.size >= MAX_REMEMBERED_IDS) this.#ids.clear()
      id = peerIdFromString(peer)
      this.#ids.set(peer, id)
    }
    return id
  }

  /**
   * Where visitors are reached, up to their own id. The asker is connected to this relay, so one circuit address
   * is enough, whichever of the relay's own it names.
   */
  #circuit(): Uint8Array | undefined {
    const [relay] = this.#components.node.getMultiaddrs()
    return relay === undefined ? undefined : multiaddr(`${relay.toString()}/p2p-circuit/webrtc`).bytes
  }
}

/** Appends `/p2p/ID` in the binary form of multiaddrs: code, length, multihash. */
function throughCircuit(circuit: Uint8Array, id: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(circuit.byteLength + P2P_CODE.byteLength + 1 + id.byteLength)
  bytes.set(circuit)
  bytes.set(P2P_CODE, circuit.byteLength)
  // Multihashes of peer ids are shorter than 128 bytes, so that their length is one byte of a varint.
  bytes[circuit.byteLength + P2P_CODE.byteLength] = id.byteLength
  bytes.set(id, bytes.byteLength - id.byteLength)
  return bytes
}
