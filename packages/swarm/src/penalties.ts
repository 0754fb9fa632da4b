import { BlackholeError, LimitError } from '@blackhole/protocol'
import type { Logger } from '@libp2p/interface'
import { Bans } from './bans.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { BannedPeer, BanReason } from './swarm-events.ts'

/** What {@link Penalties} needs from outside. */
export interface PenaltiesComponents {
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly now: () => number
  readonly log: Logger | undefined
  /** Told of each peer that is sent away. */
  readonly onBan: (banned: BannedPeer) => void
}

/** Sends hostile peers away, and says who they are. */
export class Penalties {
  readonly #components: PenaltiesComponents
  readonly #bans = new Bans()

  constructor(components: PenaltiesComponents) {
    this.#components = components
  }

  isBanned(peer: string): boolean {
    return this.#bans.isBanned(peer, this.#components.now())
  }

  /** For good: it sent bytes that don't hash to their CID. */
  corrupt(peer: string, cid: string): void {
    this.#ban({ peer, reason: 'corrupt', cid })
  }

  /** For good, when it happens again and again: something that a mistake may explain once. */
  strike(peer: string, what: string): void {
    this.#components.log?.trace('peer %s: %s', peer, what)
    if (this.#bans.strike(peer)) this.#ban({ peer, reason: 'invalid' })
  }

  /** It sent what the protocol doesn't know: for a while, and for good when it comes back and does it again and again. */
  broke(peer: string, error: Error): void {
    this.strike(peer, error.message)
    this.timeOut(peer, error instanceof LimitError ? 'flood' : 'invalid')
  }

  /**
   * For a while: what looks like an attack may be a frozen tab or a store that was emptied. Peers of last resort are
   * left alone: there is nobody else to ask.
   */
  timeOut(peer: string, reason: BanReason): void {
    if (this.#components.peers.get(peer)?.lastResort === true || this.isBanned(peer)) return
    this.#sendAway({ peer, reason, forMs: this.#bans.timeOut(peer, this.#components.now()) })
  }

  #ban(banned: BannedPeer): void {
    if (this.#bans.isBannedForGood(banned.peer)) return
    this.#bans.ban(banned.peer)
    this.#sendAway(banned)
  }

  #sendAway(banned: BannedPeer): void {
    const { peer, reason, cid = '' } = banned
    const { log, peers, onBan } = this.#components
    log?.error('peer %s is banned: %s %s', peer, reason, cid)
    peers.get(peer)?.session.abort(new BlackholeError('banned', `Peer ${peer} is banned`, { subject: peer }))
    onBan(banned)
  }
}
