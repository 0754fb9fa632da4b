import type { EventQueue } from '@blackhole/testkit/simulation/event-queue'
import type { FluidLinks, Line } from '@blackhole/testkit/simulation/fluid-links'
import type { Random } from '@blackhole/testkit/simulation/draws'
import type { PieceOrder } from './piece-order.ts'
import type { SimulatedPeer } from './simulated-peer.ts'

/** What a peer needs of the world. */
export interface SimulatedPeerComponents {
  readonly events: EventQueue
  readonly links: FluidLinks
  readonly random: Random
  /** A piece came from a peer. */
  readonly delivered: (from: SimulatedPeer, to: SimulatedPeer, piece: number) => void
}

/** What a peer is. */
export interface SimulatedPeerInit {
  readonly id: string
  readonly line: Line
  /** Half of a round trip to somebody who is no distance away. */
  readonly accessMs: number
  readonly pieces: number
  readonly pieceBytes: number
  readonly order: PieceOrder
  /** A relay: asked when no visitor has a piece, and without a cap on its slots but this. */
  readonly lastResort?: boolean
  readonly uploadSlots?: number
}
