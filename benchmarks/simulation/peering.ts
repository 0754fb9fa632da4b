import { RequestWindow } from '@blackhole/swarm'
import { RateMeter } from '../../packages/swarm/src/rate-meter.ts'
import type { Flow, Transfer } from '@blackhole/testkit/simulation/fluid-links'
import type { PieceFetch } from '../../packages/swarm/src/piece-fetch.ts'
import type { SimulatedPeer } from './simulated-peer.ts'

/** A piece that one peer was asked for. */
export interface PieceRequest {
  readonly fetch: PieceFetch
  readonly transfer: Transfer
  readonly sentAt: number
  /** Taken back, refused, or the peer is gone. */
  isOver: boolean
}

/** A peer is asked for more when this part of its window is free, as `RemotePeer` has it. */
const REFILL_SHARE = 1 / 4

/** What a peer is taken for before anything was measured, as `candidates.ts` and `request-window.ts` have it. */
const UNKNOWN_BYTES_PER_SECOND = 1_000_000
const UNKNOWN_RTT_MS = 100

/** What one end of a connection knows of the other: the product keeps it in `RemotePeer`, beside a stream. */
export class Peering {
  readonly other: SimulatedPeer
  readonly joinedAt: number
  readonly rttMs: number
  /** What the other sends us. */
  readonly flow: Flow
  readonly window = new RequestWindow()
  readonly received = new RateMeter()
  readonly sent = new RateMeter()
  readonly requests = new Map<PieceFetch, PieceRequest>()
  pendingBytes = 0
  /** Pieces that wait in our background and that the other holds. */
  useful = 0
  /** It doesn't serve us, for now. */
  chokes = false
  /** When it refused us; -Infinity for never. */
  refusedAt = -Infinity
  /** We don't serve it, for now. */
  choked = false
  /** When it asked us last. */
  askedAt = -Infinity

  constructor(other: SimulatedPeer, init: { joinedAt: number; rttMs: number; flow: Flow }) {
    this.other = other
    this.joinedAt = init.joinedAt
    this.rttMs = init.rttMs
    this.flow = init.flow
  }

  /** Whether so much of the window is free that more should be asked for. */
  get isDueForMore(): boolean {
    return this.pendingBytes <= this.window.bytes * (1 - REFILL_SHARE)
  }

  /** Milliseconds until it will have sent what it is asked for and `bytes` more. */
  expectedMs(bytes: number): number {
    const rate = this.window.bytesPerSecond || UNKNOWN_BYTES_PER_SECOND
    return ((this.pendingBytes + bytes) / rate) * 1000 + (bytes === 0 ? 0 : this.window.rttMs || UNKNOWN_RTT_MS)
  }
}
