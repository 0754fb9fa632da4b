import { Bitfield } from './bitfield.ts'
import { Conduct } from './conduct.ts'
import { PathRtt } from './path-rtt.ts'
import { RateMeter } from './rate-meter.ts'
import { RequestWindow } from './request-window.ts'
import type { MeasurePath } from './path-rtt.ts'
import type { PeerSession } from './peer-session.ts'
import type { PieceFetch } from './piece-fetch.ts'
import type { UploadQueue } from './upload-queue.ts'

/** A range that one peer is asked for. */
export interface RangeRequest {
  readonly id: number
  readonly fetch: PieceFetch
  readonly start: number
  /** Exclusive. Shrinks when the block turns out to be shorter. */
  end: number
  received: number
  /** Milliseconds. */
  readonly sentAt: number
  /** The peer was asked for other bytes before, which come first. */
  readonly queued: boolean
  /** Bytes that it takes up in the peer's window. */
  readonly expected: number
}

/** What a {@link RemotePeer} begins with. */
export interface RemotePeerInit {
  readonly id: string
  readonly direction: 'inbound' | 'outbound'
  readonly lastResort: boolean
  readonly session: PeerSession
  readonly uploads: UploadQueue
  /** Milliseconds. */
  readonly joinedAt: number
  /** Default: not known. */
  readonly measurePath?: MeasurePath | undefined
}

/** A peer is asked for more when this part of its window is free: requests then leave several at once. */
const REFILL_SHARE = 1 / 4

/** Requests that were cancelled and whose data may still come. */
const MAX_CANCELLED = 1024

/** State of one connected peer. Others act on it; it only keeps it consistent. */
export class RemotePeer {
  readonly id: string
  readonly direction: 'inbound' | 'outbound'
  readonly lastResort: boolean
  readonly session: PeerSession
  readonly uploads: UploadQueue
  readonly joinedAt: number

  /** Numbers of the pieces that it says it holds. */
  readonly holdings = new Bitfield()
  /** Numbers of the pieces that it says it is getting, and until when that is believed. Milliseconds. */
  readonly coming = new Map<number, number>()
  /** Roots that we asked about and have no bitfield of yet, and when we asked. */
  readonly pendingRoots = new Map<string, number>()
  /** Roots that it subscribed to, and when it did last. Milliseconds. */
  readonly subscriptions = new Map<string, number>()

  readonly path: PathRtt
  readonly window = new RequestWindow()
  readonly requests = new Map<number, RangeRequest>()
  /** Bytes of each that may still come. */
  readonly #cancelled = new Map<number, number>()
  #nextId = 1
  #pendingBytes = 0

  /** It doesn't serve us, for now. */
  chokes = false
  /** It refused what a choked peer may ask; milliseconds, 0 when it didn't. */
  refusedAt = 0
  /** It stopped answering and has sent nothing since (BitTorrent: snubbed). */
  snubbed = false
  /** The request that it still owes an answer to though others are asked for it: by that it is known to be there again. */
  probe: number | undefined

  readonly conduct = new Conduct()
  readonly received = new RateMeter()
  readonly sent = new RateMeter()
  bytesIn = 0
  bytesOut = 0
  /** When anything was expected of it, or came. Milliseconds. */
  lastProgressAt: number

  constructor(init: RemotePeerInit) {
    this.id = init.id
    this.direction = init.direction
    this.lastResort = init.lastResort
    this.session = init.session
    this.uploads = init.uploads
    this.joinedAt = init.joinedAt
    this.lastProgressAt = init.joinedAt
    this.path = new PathRtt(init.measurePath ?? (() => Promise.resolve(undefined)))
    this.lookAtPath(init.joinedAt)
  }

  /** Measures how far away it is, now and then. @param now - milliseconds */
  lookAtPath(now: number): void {
    this.path.look(now)
    this.window.pathMs = this.path.ms ?? Infinity
  }

  /** Milliseconds of a round trip to it and back, as well as it is known. */
  get distanceMs(): number {
    return this.path.ms ?? this.window.assumedRttMs
  }

  /** Bytes requested and not yet received. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * Whether so much of its window, and so many of the requests that it may have open, are free that more
   * should be asked for. Each message costs the page a wait for the thread that sends, so one for each
   * piece of data that came would be too many.
   */
  isDueForMore(maxRequests: number): boolean {
    const share = 1 - REFILL_SHARE
    return this.#pendingBytes <= this.window.bytes * share && this.requests.size <= maxRequests * share
  }

  /** Notes a new request. */
  ask(fetch: PieceFetch, start: number, end: number, expected: number, now: number): RangeRequest {
    const request = {
      id: this.#nextId,
      fetch,
      start,
      end,
      received: 0,
      sentAt: now,
      queued: this.#pendingBytes > 0,
      expected,
    }
    this.#nextId = (this.#nextId + 1) % 0x1_0000_0000
    if (this.requests.size === 0) this.lastProgressAt = now
    this.requests.set(request.id, request)
    this.#pendingBytes += expected
    return request
  }

  /** Notes the end of a request. */
  settle(request: RangeRequest): void {
    if (!this.requests.delete(request.id)) return
    this.#pendingBytes = Math.max(0, this.#pendingBytes - Math.max(0, request.expected - request.received))
  }

  /** Data of a request came. */
  progress(request: RangeRequest, bytes: number, now: number): void {
    const before = Math.max(0, request.expected - request.received)
    request.received += bytes
    this.#pendingBytes = Math.max(0, this.#pendingBytes - (before - Math.max(0, request.expected - request.received)))
    this.bytesIn += bytes
    this.snubbed = false
    this.probe = undefined
    this.conduct.answered()
    this.lastProgressAt = now
    this.received.add(bytes, now)
  }

  /**
   * Data of a request came that was taken back: of no use, but the peer is there, and what it owes besides comes after it.
   *
   * @returns whether it was owed: else it is no sign of life, or whoever never answers could send junk for ever
   */
  late(id: number, bytes: number, now: number): boolean {
    this.bytesIn += bytes
    const owed = this.#cancelled.get(id) ?? 0
    if (owed <= 0) return false
    this.#cancelled.set(id, owed - bytes)
    this.lastProgressAt = now
    return true
  }

  /** Remembers that data of this request is not an offence, and how much of it may still come. */
  forgive(id: number, owed: number): void {
    this.#cancelled.set(id, owed)
    if (this.#cancelled.size <= MAX_CANCELLED) return
    for (const oldest of this.#cancelled.keys()) {
      this.#cancelled.delete(oldest)
      return
    }
  }

  isForgiven(id: number): boolean {
    return this.#cancelled.has(id)
  }
}
