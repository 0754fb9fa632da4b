import { LimitError, MAX_SUBSCRIBED_ROOTS, parseCid, ValidationError } from '@blackhole/protocol'
import type { Bitfield as BitfieldMessage, CdnMessage, Have } from '@blackhole/protocol'
import { Availability } from './availability.ts'
import { Bitfield } from './bitfield.ts'
import { ComingPieces } from './coming-pieces.ts'
import { PieceTable } from './piece-table.ts'
import { decodeRoot, encodeRoot } from './root-bytes.ts'
import type { PieceStore } from './piece-store.ts'
import type { VersionPieces } from './piece-table.ts'
import type { RemotePeer } from './remote-peer.ts'

/** What {@link Versions} needs from outside. */
export interface VersionsComponents {
  readonly store: Pick<PieceStore, 'hasMany'>
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly now: () => number
}

/** Indices in one `have`: 16,000 take at most 80 KB, below the largest message. */
const MAX_HAVE_INDICES = 16_000

/** A subscription is answered no more often: the answer costs time and bytes by the size of the site, and the question nothing. */
const SUBSCRIBE_INTERVAL_MS = 1_000

/** Who holds what of which site version: ours and the peers'. */
export class Versions {
  readonly table = new PieceTable()
  /** How many connected peers hold each piece. */
  readonly availability = new Availability()
  /** The same without the peers of last resort. */
  readonly visitors = new Availability()
  /** What peers are getting from elsewhere. */
  readonly coming: ComingPieces
  readonly #own = new Bitfield()
  readonly #components: VersionsComponents

  constructor(components: VersionsComponents) {
    this.#components = components
    this.coming = new ComingPieces({ ...components, table: this.table })
  }

  /** Whether we hold the piece. */
  owns(piece: number): boolean {
    return this.#own.has(piece)
  }

  /** Learns a version: looks up what we hold of it, subscribes at all peers, and answers those that asked before. */
  async add(root: string, cids: readonly string[], sizes?: readonly number[]): Promise<void> {
    const name = parseCid(root, 'root').toString()
    if (this.table.version(name) !== undefined) return
    const held = await this.#components.store.hasMany(cids)
    if (this.table.version(name) !== undefined) return
    const version = this.table.add(name, cids, sizes)
    for (const [index, piece] of version.pieces.entries()) if (held[index] === true) this.#own.add(piece)
    for (const peer of this.#components.peers.values()) {
      if (!peer.session.isOpen) continue
      this.#subscribe(peer, name)
      if (peer.subscriptions.has(name)) this.#tell(peer, name, version)
    }
  }

  remove(root: string): void {
    const name = parseCid(root, 'root').toString()
    for (const piece of this.table.remove(name)) {
      this.#own.delete(piece)
      this.availability.unwant(piece)
      for (const peer of this.#components.peers.values()) {
        this.lost(peer, piece)
        peer.coming.delete(piece)
      }
    }
    for (const peer of this.#components.peers.values()) peer.pendingRoots.delete(name)
  }

  /** A peer's stream is open: asks it for all that we know of. */
  greet(peer: RemotePeer): void {
    for (const { root } of this.table.versions) this.#subscribe(peer, root)
  }

  /**
   * What a peer says or asks of versions.
   *
   * @throws {ValidationError} or {@link LimitError} when it can't be right
   */
  onMessage(peer: RemotePeer, { subscribe, bitfield, have, coming }: CdnMessage): void {
    if (subscribe !== undefined) this.#onSubscribe(peer, subscribe.root)
    if (bitfield !== undefined) this.#onBitfield(peer, bitfield)
    if (have !== undefined) this.#onHave(peer, have)
    if (coming !== undefined) this.coming.onMessage(peer, coming)
  }

  /**
   * @throws {LimitError} when a peer subscribes to more versions at once than a site can have
   * @throws {ValidationError} when it subscribes to one again and again
   */
  #onSubscribe(peer: RemotePeer, rootBytes: Uint8Array): void {
    const root = decodeRoot(rootBytes)
    const now = this.#components.now()
    const before = peer.subscriptions.get(root)
    if (before === undefined) this.#makeRoom(peer, now)
    if (before !== undefined && now - before < SUBSCRIBE_INTERVAL_MS) {
      throw new ValidationError('subscribe.root', `at most once in ${String(SUBSCRIBE_INTERVAL_MS)} ms`)
    }
    peer.subscriptions.set(root, now)
    this.#tell(peer, root, this.table.version(root))
  }

  /**
   * A broadcast has a new version every few seconds, for hours: the one subscribed to first is forgotten, those that
   * we don't know any more (or never did) before others.
   *
   * @throws {LimitError} when not even that one is a second old
   */
  #makeRoom({ subscriptions }: RemotePeer, now: number): void {
    if (subscriptions.size < MAX_SUBSCRIBED_ROOTS) return
    const old = [...subscriptions].filter(([, at]) => now - at >= SUBSCRIBE_INTERVAL_MS)
    const [first] = old.find(([root]) => this.table.version(root) === undefined) ?? old[0] ?? []
    if (first === undefined) throw new LimitError('subscribed roots', MAX_SUBSCRIBED_ROOTS, subscriptions.size + 1)
    subscriptions.delete(first)
  }

  /** @throws {ValidationError} when the bits are not those of the version */
  #onBitfield(peer: RemotePeer, message: BitfieldMessage): void {
    const root = decodeRoot(message.root)
    const version = this.table.version(root)
    if (version === undefined) return
    peer.pendingRoots.delete(root)
    // It may not know this version; then another version's word stands.
    if (message.bits.byteLength === 0) return
    const bits = Bitfield.fromBytes(message.bits, version.pieces.length)
    if (bits.count === 0) return
    for (const [index, piece] of version.pieces.entries()) {
      if (bits.has(index)) this.#gained(peer, piece)
      else this.lost(peer, piece)
    }
  }

  /** @throws {ValidationError} when an index is not one of the version's */
  #onHave(peer: RemotePeer, message: Have): void {
    const version = this.table.version(decodeRoot(message.root))
    if (version === undefined) return
    for (const index of message.pieces) {
      const piece = version.pieces[index]
      if (piece === undefined) throw new ValidationError('have.pieces', `below ${String(version.pieces.length)}`, index)
      this.#gained(peer, piece)
    }
  }

  /** A peer has a piece no more. */
  lost(peer: RemotePeer, piece: number): void {
    if (!peer.holdings.delete(piece)) return
    this.availability.decrement(piece)
    if (!peer.lastResort) this.visitors.decrement(piece)
  }

  /** A peer has gone, with all that it held. */
  forget(peer: RemotePeer): void {
    for (const piece of [...peer.holdings]) this.lost(peer, piece)
  }

  /** We hold these now: tells the peers that want to know. */
  stored(cids: readonly string[]): void {
    const pieces = cids
      .map((cid) => this.table.number(cid))
      .filter((piece) => piece !== undefined)
      .filter((piece) => this.#own.add(piece))
    if (pieces.length === 0) return
    for (const { root, indices } of this.table.versions) {
      const have = pieces.map((piece) => indices.get(piece)).filter((index) => index !== undefined)
      if (have.length === 0) continue
      const bytes = encodeRoot(root)
      for (const peer of this.#components.peers.values()) {
        if (!peer.subscriptions.has(root)) continue
        for (let at = 0; at < have.length; at += MAX_HAVE_INDICES) {
          peer.session.send({ have: { root: bytes, pieces: have.slice(at, at + MAX_HAVE_INDICES) } })
        }
      }
    }
  }

  /** We hold it no more: it was evicted. */
  evicted(cid: string): void {
    const piece = this.table.number(cid)
    if (piece !== undefined) this.#own.delete(piece)
  }

  #gained(peer: RemotePeer, piece: number): void {
    peer.coming.delete(piece)
    if (!peer.holdings.add(piece)) return
    this.availability.increment(piece)
    if (!peer.lastResort) this.visitors.increment(piece)
  }

  #subscribe(peer: RemotePeer, root: string): void {
    peer.pendingRoots.set(root, this.#components.now())
    peer.session.send({ subscribe: { root: encodeRoot(root) } })
  }

  /** What we hold of a version, and what we are getting. */
  #tell(peer: RemotePeer, root: string, version: VersionPieces | undefined): void {
    const bits = new Bitfield(version?.pieces.length)
    for (const [index, piece] of version?.pieces.entries() ?? []) if (this.#own.has(piece)) bits.add(index)
    peer.session.send({ bitfield: { root: encodeRoot(root), bits: bits.toBytes(version?.pieces.length ?? 0) } })
    this.coming.tellOne(peer, root, (piece) => this.#own.has(piece))
  }
}
