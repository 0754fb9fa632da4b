import {
  LimitError,
  MAX_BLOCK_BYTES,
  MAX_OPEN_REQUESTS,
  PIECE_BYTES,
  PIECE_MESSAGE_BYTES,
  RejectReason,
} from '@blackhole/protocol'
import type { Request } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'
import { Uint8ArrayList } from 'uint8arraylist'
import { BlockCache } from './block-cache.ts'
import type { ChokedAllowance } from './choked-allowance.ts'
import { encodePieceHeader } from './frame-writer.ts'
import type { PieceStore } from './piece-store.ts'
import type { RateCap } from './rate-cap.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { UploadRequest } from './upload-queue.ts'

/** What an {@link Uploader} needs from outside. */
export interface UploaderComponents {
  readonly store: Pick<PieceStore, 'getMany'>
  /** Bytes of a block, when known without reading it. */
  sizeOf(cid: string): number | undefined
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly cap: RateCap
  /** What peers may have although they are choked. */
  readonly allowance: ChokedAllowance
  readonly now: () => number
  /** Calls back later; the result cancels that. */
  setTimer(callback: () => void, ms: number): () => void
  /** A peer did something that may be a mistake. */
  strike(peer: RemotePeer, what: string): void
  /** A peer asks in vain all the time. */
  flooded(peer: RemotePeer): void
  /** A block that we said we have is gone. */
  missing(cid: string): void
  uploaded(peer: RemotePeer, bytes: number): void
}

/** Bytes handed to a stream at once: one turn of a peer. Few calls, and a cancel still stops most of a piece. */
export const TURN_BYTES = 4 * PIECE_MESSAGE_BYTES
/** With less than this allowed by the cap, it is better to wait: small messages cost as much as large ones. */
const MIN_TURN_BYTES = 16 * 1024
/**
 * What is read of a peer's requests before its turn, the current one included: three pieces, since a read of 1 MiB
 * from IndexedDB takes as long as sending several requests does; of small files as many as one read takes well.
 */
const READ_AHEAD = { blocks: 64, bytes: 3 * PIECE_BYTES }

/** Serves peers: in turns, as their streams drain, within the rate cap. */
export class Uploader {
  readonly #components: UploaderComponents
  readonly #cache: BlockCache
  #cancelTimer: (() => void) | undefined
  #paused = false
  #running = false
  #isDue = false

  constructor(components: UploaderComponents) {
    this.#components = components
    this.#cache = new BlockCache(components.store)
  }

  get isPaused(): boolean {
    return this.#paused
  }

  /** Refuses everything until it is told otherwise. */
  pause(paused: boolean): void {
    this.#paused = paused
    if (paused) for (const peer of this.#components.peers.values()) this.drop(peer)
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** @throws {LimitError} when a peer has more requests open than is allowed: a flood */
  onRequest(peer: RemotePeer, request: Request): void {
    const { uploads } = peer
    uploads.askedAt = this.#components.now()
    if (uploads.size >= MAX_OPEN_REQUESTS) throw new LimitError('open requests', MAX_OPEN_REQUESTS, uploads.size + 1)
    const cid = decodeCid(request.cid)
    const isLong = request.offset > MAX_BLOCK_BYTES || request.length > MAX_BLOCK_BYTES
    if (cid === undefined || isLong || uploads.has(request.id)) {
      this.#refuse(peer, request.id, 'a request that can not be')
      return
    }
    if (this.#paused || this.#allowance(peer) === 0) {
      this.#reject(peer, request.id, RejectReason.REJECT_CHOKED)
      this.#inVain(peer)
      return
    }
    const { id, offset, length } = request
    const end = length === 0 ? Infinity : offset + length
    uploads.add({ id, cid, offset, end, block: this.#cache.peek(cid), loading: false })
    // What one message asks for is read at once, and sent together.
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.run()
    })
  }

  onCancel(peer: RemotePeer, id: number): void {
    peer.uploads.delete(id)
  }

  /** Tells a peer that what it has asked for will not come. */
  drop(peer: RemotePeer): void {
    for (const id of peer.uploads.clear()) this.#reject(peer, id, RejectReason.REJECT_CHOKED)
  }

  /** Sends what can be sent now: peers by turns. */
  run(): void {
    if (this.#running) return
    this.#running = true
    try {
      let active = [...this.#components.peers.values()]
      // Also while a stream is full: the read is to be done when its turn comes.
      for (const peer of active) this.#readAhead(peer)
      while (active.length > 0) active = active.filter((peer) => this.#turn(peer))
    } finally {
      this.#running = false
    }
  }

  /** @returns whether the peer could take another turn at once */
  #turn(peer: RemotePeer): boolean {
    if (peer.uploads.size === 0 || peer.session.needsDrain || !peer.session.isOpen) return false
    const frames = new Uint8ArrayList()
    // A slow stream gets less at once: what is handed to it can't be cancelled, and all else waits behind it.
    const turnBytes = Math.min(TURN_BYTES, Math.max(PIECE_MESSAGE_BYTES, peer.session.roomBytes))
    let bytes = 0
    let more = false
    for (const request of peer.uploads.all) {
      if (request.block === undefined) break
      const left = Math.min(request.end, request.block.byteLength) - request.offset
      const allowance = this.#allowance(peer)
      // The rest of a turn is for whole messages, as small ones cost as much. A refusal comes after what was asked before.
      const fits = Math.min(left, PIECE_MESSAGE_BYTES) <= turnBytes - bytes
      more = frames.byteLength > 0 && !(fits && allowance > 0 && isWithin(request, request.block))
      if (more) break
      if (!isWithin(request, request.block)) {
        peer.uploads.delete(request.id)
        this.#refuse(peer, request.id, 'a range past the end of a block')
        continue
      }
      if (allowance === 0) {
        this.drop(peer)
        break
      }
      const wanted = Math.min(turnBytes - bytes, left, allowance)
      const allowed = this.#take(wanted)
      if (allowed === 0 && wanted > 0) break
      this.#append(frames, peer, request, request.block, allowed)
      bytes += allowed
      more = allowed < left
      if (more) break
      peer.uploads.delete(request.id)
    }
    if (frames.byteLength === 0) return more
    // The next ones have moved up.
    this.#readAhead(peer)
    const takesMore = peer.session.sendFrames(frames)
    this.#components.uploaded(peer, bytes)
    return takesMore && more
  }

  /** Bytes that a peer may have now: when it asks this was more, perhaps, than when its turn comes. */
  #allowance(peer: RemotePeer): number {
    return peer.uploads.choked ? this.#components.allowance.left(peer.id, this.#components.now()) : Infinity
  }

  #readAhead(peer: RemotePeer): void {
    if (peer.uploads.size === 0) return
    const sizeOf = ({ cid, block }: UploadRequest): number =>
      block?.byteLength ?? this.#components.sizeOf(cid) ?? PIECE_BYTES
    const unread = peer.uploads
      .first(READ_AHEAD, sizeOf)
      .filter(({ block, loading }) => block === undefined && !loading)
    if (unread.length > 0) void this.#load(peer, unread)
  }

  /** Bytes that the cap lets pass; sets the timer when they are too few. */
  #take(wanted: number): number {
    const { cap, now } = this.#components
    const allowed = cap.take(wanted, now())
    if (allowed >= Math.min(wanted, MIN_TURN_BYTES)) return allowed
    cap.giveBack(allowed)
    this.#cancelTimer ??= this.#components.setTimer(
      () => {
        this.#cancelTimer = undefined
        this.run()
      },
      Math.max(1, cap.waitMs(Math.min(wanted, TURN_BYTES), now())),
    )
    return 0
  }

  #append(
    frames: Uint8ArrayList,
    peer: RemotePeer,
    request: UploadRequest,
    block: Uint8Array<ArrayBuffer>,
    bytes: number,
  ): void {
    const end = request.offset + bytes
    do {
      const length = Math.min(PIECE_MESSAGE_BYTES, end - request.offset)
      frames.append(encodePieceHeader({ id: request.id, offset: request.offset, size: block.byteLength, length }))
      if (length > 0) frames.append(block.subarray(request.offset, request.offset + length))
      request.offset += length
    } while (request.offset < end)
    const now = this.#components.now()
    peer.bytesOut += bytes
    peer.sent.add(bytes, now)
    if (peer.uploads.choked) this.#components.allowance.use(peer.id, bytes, now)
  }

  async #load(peer: RemotePeer, requests: readonly UploadRequest[]): Promise<void> {
    for (const request of requests) request.loading = true
    let blocks: (Uint8Array<ArrayBuffer> | undefined)[] = []
    try {
      blocks = await this.#cache.getMany(requests.map(({ cid }) => cid))
    } catch {
      // A store that can't be read has nothing; the owner of the store hears of it elsewhere.
    }
    for (const [index, request] of requests.entries()) {
      if (!peer.uploads.has(request.id)) continue
      const block = blocks[index]
      if (block === undefined) {
        peer.uploads.delete(request.id)
        this.#components.missing(request.cid)
        this.#reject(peer, request.id, RejectReason.REJECT_NOT_FOUND)
        this.#inVain(peer)
      } else {
        request.block = block
      }
    }
    this.run()
  }

  #inVain(peer: RemotePeer): void {
    if (peer.conduct.askedInVain(this.#components.now())) this.#components.flooded(peer)
  }

  #refuse(peer: RemotePeer, id: number, what: string): void {
    this.#reject(peer, id, RejectReason.REJECT_INVALID)
    this.#components.strike(peer, what)
  }

  #reject(peer: RemotePeer, id: number, reason: RejectReason): void {
    peer.session.send({ reject: { id, reason } })
  }
}

/** Whether the block has the range that is asked for. */
function isWithin({ offset }: UploadRequest, { byteLength }: Uint8Array): boolean {
  return offset < byteLength || (byteLength === 0 && offset === 0)
}

function decodeCid(bytes: Uint8Array): string | undefined {
  try {
    return CID.decode(bytes).toString()
  } catch {
    return undefined
  }
}
