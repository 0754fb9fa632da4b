import { LimitError, ValidationError } from '@blackhole/protocol'
import type { Coming } from '@blackhole/protocol'
import { decodeRoot, encodeRoot } from './root-bytes.ts'
import type { PieceTable } from './piece-table.ts'
import type { RemotePeer } from './remote-peer.ts'

/** Pieces that one peer may say it is getting: more than a page reads ahead. */
export const MAX_COMING = 64

/** A peer that has not got a piece in this time is believed no longer: an origin that a crowd asks takes half a minute. */
export const COMING_MS = 60_000

/** What {@link ComingPieces} works with. */
export interface ComingPiecesComponents {
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly table: PieceTable
  readonly now: () => number
}

/**
 * Who is getting which piece from elsewhere, as peers tell each other, so that in a crowd not everybody asks the
 * origin for the same piece. It is a hint: nobody who believes it waits longer than the origin itself would take.
 */
export class ComingPieces {
  readonly #components: ComingPiecesComponents
  /** CIDs of what we are getting, and until when others believe it. */
  readonly #ours = new Map<string, number>()

  constructor(components: ComingPiecesComponents) {
    this.#components = components
  }

  /** Whether a connected peer that lacks the piece says that it is getting it. Also one that chokes us: others will have it of it. */
  has(cid: string): boolean {
    const { table, peers, now } = this.#components
    const piece = table.number(cid)
    if (piece === undefined) return false
    return [...peers.values()].some(({ coming, session }) => session.isOpen && (coming.get(piece) ?? 0) > now())
  }

  /**
   * @throws {ValidationError} when an index is not one of the version's
   * @throws {LimitError} when it is more than anybody reads ahead
   */
  onMessage(peer: Pick<RemotePeer, 'coming'>, message: Coming): void {
    const { table, now } = this.#components
    const version = table.version(decodeRoot(message.root))
    if (version === undefined) return
    if (message.pieces.length > MAX_COMING) throw new LimitError('coming.pieces', MAX_COMING, message.pieces.length)
    for (const index of message.pieces) {
      const piece = version.pieces[index]
      if (piece === undefined)
        throw new ValidationError('coming.pieces', `below ${String(version.pieces.length)}`, index)
      peer.coming.delete(piece)
      if (message.over) continue
      peer.coming.set(piece, now() + COMING_MS)
      const [oldest] = peer.coming.keys()
      if (peer.coming.size > MAX_COMING && oldest !== undefined) peer.coming.delete(oldest)
    }
  }

  /** Tells the peers that want to know of a version what we are getting of it, or are not after all. */
  tell(cids: readonly string[], over: boolean): void {
    const { table, peers, now } = this.#components
    for (const cid of cids) {
      this.#ours.delete(cid)
      if (!over) this.#ours.set(cid, now() + COMING_MS)
    }
    for (const [cid, until] of this.#ours) {
      if (until > now() && this.#ours.size <= MAX_COMING) break
      this.#ours.delete(cid)
    }
    for (const { root } of table.versions) {
      const coming = this.#message(root, cids, over)
      if (coming === undefined) continue
      for (const peer of peers.values()) if (peer.subscriptions.has(root)) peer.session.send({ coming })
    }
  }

  /** Tells a peer that asks for a version what we are getting of it already. */
  tellOne(peer: RemotePeer, root: string, holds: (piece: number) => boolean): void {
    const { table, now } = this.#components
    const left = [...this.#ours].filter(([cid, until]) => {
      const piece = table.number(cid)
      return until > now() && piece !== undefined && !holds(piece)
    })
    const coming = this.#message(
      root,
      left.map(([cid]) => cid),
      false,
    )
    if (coming !== undefined) peer.session.send({ coming })
  }

  /** Undefined when none of the pieces is of the version. */
  #message(root: string, cids: readonly string[], over: boolean): Coming | undefined {
    const { table } = this.#components
    const indices = table.version(root)?.indices
    const known = cids.map((cid) => indices?.get(table.number(cid) ?? -1)).filter((index) => index !== undefined)
    return known.length === 0 ? undefined : { root: encodeRoot(root), pieces: known.slice(0, MAX_COMING), over }
  }
}
