import type { Connection, PeerId, Startable, Stream } from '@libp2p/interface'
import { CODE_IP4, CODE_IP6, multiaddr } from '@multiformats/multiaddr'
import {
  AnnounceEvent,
  AnnounceReply,
  BlackholeError,
  MAX_TRACKER_PEERS,
  TRACKER_PROTOCOL,
  TrackerPeer,
  errorToWire,
  parseSiteName,
} from '@blackhole/protocol'
import type { Announce, SiteName, TokenClaims } from '@blackhole/protocol'
import { ANNOUNCES_PER_SECOND, ANNOUNCE_INTERVAL_MS } from '../limits.ts'
import type { RelayNode } from '../net/node.ts'
import { RateLimiter } from '../rate-limiter.ts'
import type { FellowSwarm } from '../federation/fellow-swarms.ts'
import type { SwarmTokens } from '../tokens.ts'
import { AnnounceStream } from './announce-stream.ts'
import { EncodedPeers, PEER_FIELD, withLength } from './encoded-peers.ts'
import { CIRCUIT_ADDRESS_MS } from './limits.ts'
import { Networks } from './networks.ts'
import type { PeerPlace } from './peer-choice.ts'
import type { SwarmPeer, SwarmRegistry } from './swarm-registry.ts'

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

/** What is known of who announces on a stream. */
interface Announcer {
  readonly connection: Connection
  readonly peer: string
  /** Where it is, the round trip left out. */
  readonly place: PeerPlace
  /** The site of the last announcement, and the token that was checked for it. */
  site?: SiteName
  token?: string
  claims?: TokenClaims
}

/** Where visitors are reached at this relay, as it was at a time. */
interface CircuitAddress {
  readonly at: number
  /** The relay's own address. */
  readonly relay: string | undefined
  readonly bytes: Uint8Array | undefined
}

/** `/blackhole/tracker/1.0.0`: introduces the visitors of a site to one another. */
export class Tracker implements Startable {
  readonly #components: TrackerComponents
  readonly #limiter: RateLimiter
  readonly #peers = new EncodedPeers()
  #timer: NodeJS.Timeout | undefined
  #announces = 0
  #circuit: CircuitAddress | undefined

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
    await node.handle(
      TRACKER_PROTOCOL,
      (stream, connection) => {
        this.#serve(stream, connection)
      },
      { maxInboundStreams: 8 },
    )
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

  /**
   * Names peers of this relay to one that asks for a token, and so is about to join: what its first announcement would
   * tell it a few round trips later.
   *
   * @param address - the asker's IP address; empty when it isn't known
   * @returns an `AnnounceReply`
   */
  introduce(site: SiteName, peer: string, want: number, address: string): Uint8Array {
    const { registry, networks = Networks.none } = this.#components
    const place = networks.place(address === '' ? undefined : address, undefined)
    const { peers, ...counted } = registry.draw(site, peer, Math.min(want, MAX_TRACKER_PEERS), this.#isDialable, place)
    const head = AnnounceReply.encode({
      ...counted,
      intervalMs: ANNOUNCE_INTERVAL_MS,
      peers: [],
      error: '',
      kept: false,
    })
    return Buffer.concat([head, ...this.#fieldsOf(peers)])
  }

  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    this.#components.registry.leaveAll(event.detail.toString())
  }

  #serve(stream: Stream, connection: Connection): void {
    const { networks = Networks.none } = this.#components
    const announcer: Announcer = {
      connection,
      peer: connection.remotePeer.toString(),
      place: networks.place(addressOf(connection), undefined),
    }
    new AnnounceStream(stream, (announce) => this.#answer(announce, announcer))
  }

  /** @returns an `AnnounceReply` with its length before it */
  async #answer(announce: Announce, announcer: Announcer): Promise<Uint8Array> {
    this.#announces += 1
    const reply: AnnounceReply = {
      intervalMs: ANNOUNCE_INTERVAL_MS,
      peers: [],
      swarmPeers: 0,
      swarmHolders: 0,
      error: '',
      kept: announce.keep,
    }
    try {
      const { registry } = this.#components
      const { peer, connection } = announcer
      if (!this.#limiter.take(peer))
        throw new BlackholeError('limit', `A peer may announce ${String(ANNOUNCES_PER_SECOND)} times a second`)
      const site = await this.#admit(announce, announcer)
      if (announce.event === AnnounceEvent.ANNOUNCE_STOPPED) {
        registry.leave(site, peer)
        return withLength(AnnounceReply.encode(reply))
      }
      registry.announce(
        site,
        { peer, have: Math.min(announce.have, announce.total), total: announce.total },
        { place: { ...announcer.place, rttMs: connection.rtt }, free: announce.want },
      )
      const want = Math.min(announce.want, MAX_TRACKER_PEERS)
      const drawn = registry.draw(site, peer, want, this.#isDialable)
      const fields = this.#fieldsOf(drawn.peers)
      // Visitors of other relays are further away: they fill up.
      const elsewhere = fields.length < want ? await this.#components.elsewhere?.(site) : undefined
      if (elsewhere !== undefined && elsewhere.peers.length > 0) {
        const named = [peer, ...drawn.peers.map((each) => each.peer)].map((each) => this.#peers.multihashOf(each))
        for (const other of this.#others(elsewhere.peers, named, want - fields.length))
          fields.push(withLength(TrackerPeer.encode(other), PEER_FIELD))
      }
      reply.swarmPeers = drawn.swarmPeers + (elsewhere?.swarmPeers ?? 0)
      reply.swarmHolders = drawn.swarmHolders + (elsewhere?.swarmHolders ?? 0)
      const head = AnnounceReply.encode(reply)
      return withLength(fields.length === 0 ? head : Buffer.concat([head, ...fields]))
    } catch (error) {
      return withLength(AnnounceReply.encode({ ...reply, error: JSON.stringify(errorToWire(error)) }))
    }
  }

  /**
   * Checks the token, or that the one of the announcement before is still good: a signature is checked once per stream.
   *
   * @returns the site that is announced
   */
  async #admit(announce: Announce, announcer: Announcer): Promise<SiteName> {
    const { tokens } = this.#components
    const { site, claims } = announcer
    const isSame = announce.token === '' || announce.token === announcer.token
    const isHere = announce.site === '' || announce.site === site
    if (site !== undefined && claims !== undefined && isSame && isHere) {
      tokens.recheck(claims)
      return site
    }
    const named = parseSiteName(announce.site, 'announce.site')
    announcer.claims = await tokens.verify(announce.token, named, announcer.peer)
    announcer.site = named
    announcer.token = announce.token
    return named
  }

  #fieldsOf(peers: readonly SwarmPeer[]): Uint8Array[] {
    const circuit = peers.length === 0 ? undefined : this.#circuitAddress()
    return peers.map((peer) => this.#peers.fieldOf(peer, circuit))
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
  readonly #isDialable = (peer: string): boolean =>
    this.#components.node.services.relay.reservations.has(this.#peers.idOf(peer))

  /**
   * Where visitors are reached, up to their own id. The asker is connected to this relay, so one circuit address
   * is enough, whichever of the relay's own it names.
   */
  #circuitAddress(): Uint8Array | undefined {
    const now = this.#components.now()
    if (this.#circuit === undefined || Math.abs(now - this.#circuit.at) >= CIRCUIT_ADDRESS_MS) {
      const relay = this.#components.node.getMultiaddrs()[0]?.toString()
      const isSame = this.#circuit !== undefined && this.#circuit.relay === relay
      const bytes = relay === undefined ? undefined : multiaddr(`${relay}/p2p-circuit/webrtc`).bytes
      this.#circuit = { at: now, relay, bytes: isSame ? this.#circuit?.bytes : bytes }
    }
    return this.#circuit.bytes
  }
}
