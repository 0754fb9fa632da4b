import { MAX_BLOCK_BYTES, RejectReason, ValidationError } from '@blackhole/protocol'
import type { Reject } from '@blackhole/protocol'
import { Uint8ArrayList } from 'uint8arraylist'
import { encodeFrame } from './frame-writer.ts'
import type { ByteRange } from './piece-assembly.ts'
import type { PieceFetch } from './piece-fetch.ts'
import type { PieceHeader } from './piece-header.ts'
import type { RangeRequest, RemotePeer } from './remote-peer.ts'

/** Who acts on what {@link RangeRequests} hears. */
export interface RangeRequestsHandler {
  readonly peers: ReadonlyMap<string, RemotePeer>
  now(): number
  /** So many bytes of pieces arrived. */
  came(bytes: number): void
  /** All bytes of the block are there. */
  complete(fetch: PieceFetch): void
  /** Two peers say that the block has different sizes. */
  disputed(fetch: PieceFetch): void
  /** The peer won't send the rest of what it was asked for. */
  lost(peer: RemotePeer, fetch: PieceFetch): void
  /** What the peer owed for so many milliseconds, and had sent nothing of, came from others. */
  letDown(peer: RemotePeer, owedMs: number): void
  /** The peer gave all that it was asked for in one request. */
  gave(peer: RemotePeer): void
  /** The peer has not got the block. */
  absent(peer: RemotePeer, fetch: PieceFetch): void
  /** A peer did something that may be a mistake. */
  strike(peer: RemotePeer, what: string): void
  /**
   * There is room for more requests.
   *
   * @param fetch - nobody may be asked for the rest of this any more
   */
  roomier(fetch?: PieceFetch): void
}

/** A request takes up this much of the window until the size of its block is known: most files of a site are small. */
const UNKNOWN_SIZE_BYTES = 32 * 1024

/** Range requests under way, and their answers. */
export class RangeRequests {
  readonly #handler: RangeRequestsHandler
  /** The request that each peer's data belongs to; none while data is thrown away. */
  readonly #current = new WeakMap<RemotePeer, RangeRequest>()
  /** The request that was taken back and that each peer's data belongs to. Ids begin with 1. */
  readonly #late = new WeakMap<RemotePeer, number>()

  constructor(handler: RangeRequestsHandler) {
    this.#handler = handler
  }

  /**
   * Notes a request and encodes it; the caller sends what it gathered.
   *
   * @returns bytes that are expected of it
   */
  ask(peer: RemotePeer, fetch: PieceFetch, range: ByteRange, frames: Uint8ArrayList): number {
    const length = range.end - range.start
    const expected = fetch.assembly.size === undefined ? UNKNOWN_SIZE_BYTES : length
    const now = this.#handler.now()
    const request = peer.ask(fetch, range.start, range.end, expected, now)
    fetch.assembly.requested(range, peer.id, now)
    fetch.requests += 1
    fetch.owner ??= peer.id
    if (fetch.piece === undefined && !fetch.present.has(peer.id)) fetch.probing = peer.id
    frames.append(encodeFrame({ request: { id: request.id, cid: fetch.cidBytes, offset: range.start, length } }))
    return expected
  }

  /** @throws {ValidationError} when the piece is not what was asked for */
  onPiece(peer: RemotePeer, piece: PieceHeader): void {
    this.#current.delete(peer)
    this.#late.delete(peer)
    const request = peer.requests.get(piece.id)
    if (request === undefined) {
      if (peer.isForgiven(piece.id)) this.#late.set(peer, piece.id)
      else this.#handler.strike(peer, 'a piece that nobody asked for')
      return
    }
    if (piece.size > MAX_BLOCK_BYTES)
      throw new ValidationError('piece.size', `at most ${String(MAX_BLOCK_BYTES)}`, piece.size)
    const { fetch } = request
    if (request.received === 0)
      peer.window.answered(this.#handler.now() - request.sentAt, request.queued, this.#handler.now())
    fetch.claims.set(peer.id, piece.size)
    if (fetch.assembly.size === undefined) fetch.assembly.setSize(piece.size)
    else if (fetch.assembly.size !== piece.size) {
      this.#handler.disputed(fetch)
      return
    }
    request.end = Math.min(request.end, piece.size)
    const next = request.start + request.received
    if (piece.offset !== next) throw new ValidationError('piece.offset', String(next), piece.offset)
    if (piece.length > request.end - next)
      throw new ValidationError('piece.data', `at most ${String(request.end - next)} bytes long`, piece.length)
    if (piece.length === 0 && piece.size > 0) throw new ValidationError('piece.data', 'at least 1 byte long', 0)
    fetch.present.add(peer.id)
    if (fetch.probing === peer.id) fetch.probing = undefined
    this.#current.set(peer, request)
    if (piece.length === 0) this.#finish(peer, request)
    // The other parts can be asked for, now that the size is known.
    else if (next === 0 && piece.length < piece.size) this.#handler.roomier()
  }

  onPieceData(peer: RemotePeer, data: Uint8Array): void {
    const request = this.#current.get(peer)
    const now = this.#handler.now()
    this.#handler.came(data.byteLength)
    if (request === undefined) {
      if (peer.late(this.#late.get(peer) ?? 0, data.byteLength, now)) this.#answers(peer)
      return
    }
    const { fetch } = request
    fetch.assembly.write(request.start + request.received, data, peer.id)
    fetch.lastProgressAt = now
    peer.progress(request, data.byteLength, now)
    const isDone = request.received >= request.end - request.start
    if (isDone) this.#finish(peer, request)
    peer.window.received(data.byteLength, peer.requests.size > 0, now)
  }

  onReject(peer: RemotePeer, { id, reason }: Reject): void {
    this.#answers(peer)
    const request = peer.requests.get(id)
    if (request === undefined) {
      // It was taken back meanwhile; that it is choked holds all the same.
      if (isForNow(reason) && peer.isForgiven(id)) peer.refusedAt = this.#handler.now()
      return
    }
    const { fetch } = request
    this.#release(peer, request)
    if (isForNow(reason)) {
      peer.refusedAt = this.#handler.now()
    } else {
      fetch.absent.add(peer.id)
      this.#handler.absent(peer, fetch)
    }
    this.#handler.lost(peer, fetch)
  }

  /** Takes back what a peer is asked for, all or of one block, and tells it. */
  cancel(peer: RemotePeer, select: (request: RangeRequest) => boolean = () => true): void {
    this.#takeBack(peer, [...peer.requests.values()].filter(select))
  }

  /**
   * Takes back what a peer is asked for that does not answer, and leaves it one that others are asked
   * for too: once it answers that, it is known to be there again.
   */
  giveUp(peer: RemotePeer, select: (request: RangeRequest) => boolean): void {
    const [probe, ...rest] = [...peer.requests.values()].filter(select)
    if (probe !== undefined) {
      this.#release(peer, probe)
      peer.probe = probe.id
    }
    this.#takeBack(peer, rest)
  }

  #takeBack(peer: RemotePeer, requests: readonly RangeRequest[]): void {
    const frames = new Uint8ArrayList()
    // However many were taken back at once, that is one time.
    const since = Math.min(...requests.filter(({ received }) => received === 0).map(({ sentAt }) => sentAt))
    const now = this.#handler.now()
    if (since < now) this.#handler.letDown(peer, now - Math.max(since, peer.lastProgressAt))
    for (const request of requests) {
      frames.append(encodeFrame({ cancel: { id: request.id } }))
      this.#release(peer, request)
    }
    if (frames.byteLength > 0) peer.session.sendFrames(frames)
  }

  /** Something came of a peer that had stopped answering. */
  #answers(peer: RemotePeer): void {
    peer.conduct.answered()
    if (!peer.snubbed) return
    peer.snubbed = false
    peer.probe = undefined
    this.#handler.roomier()
  }

  /** Takes back all that is asked for of a block. */
  cancelFetch(fetch: PieceFetch): void {
    for (const peer of this.#handler.peers.values()) this.cancel(peer, (request) => request.fetch === fetch)
  }

  #finish(peer: RemotePeer, request: RangeRequest): void {
    const { fetch } = request
    this.#current.delete(peer)
    this.#release(peer, request)
    this.#handler.gave(peer)
    for (const other of [...fetch.assembly.askers(request)]) {
      const asked = this.#handler.peers.get(other)
      if (asked !== undefined) this.cancel(asked, (theirs) => theirs.fetch === fetch && fetch.assembly.has(theirs))
    }
    const { isComplete } = fetch.assembly
    if (isComplete) this.#handler.complete(fetch)
    this.#handler.roomier(isComplete ? undefined : fetch)
  }

  #release(peer: RemotePeer, request: RangeRequest): void {
    if (this.#current.get(peer) === request) this.#current.delete(peer)
    peer.settle(request)
    peer.forgive(request.id, request.end - request.start - request.received)
    request.fetch.requests -= 1
    request.fetch.assembly.released(request, peer.id)
    if (request.fetch.probing === peer.id) request.fetch.probing = undefined
  }
}

/** Whether a peer that refuses with this may be asked for the same again later. */
function isForNow(reason: RejectReason): boolean {
  return reason === RejectReason.REJECT_CHOKED || reason === RejectReason.REJECT_BUSY
}
