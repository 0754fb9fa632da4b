import { GNUTELLA_ACCESS } from '@blackhole/testkit/simulation/draws'
import type { Access, Arrivals } from '@blackhole/testkit/simulation/draws'
import type { PieceOrder } from './piece-order.ts'

/** What happens in a simulation. All sizes are in bytes, all times in milliseconds. */
export interface Scenario {
  /** The same seed gives the same result to the byte. */
  readonly seed: number
  /** Visitors in all. */
  readonly visitors: number
  readonly arrivals: Arrivals
  /** `download`: each wants the whole site. `browse`: each opens some pages. */
  readonly visit: 'download' | 'browse'
  /** Pieces of the site. */
  readonly pieces: number
  /** Bytes of each: one request's worth, about a file of a real site. */
  readonly pieceBytes: number
  /** Pieces of a page. */
  readonly pagePieces: number
  /** How the background chooses: rarest first is the product's way. */
  readonly order: PieceOrder
  /** Lines of the visitors, and by how much they are faster than in the table. */
  readonly access: readonly Access[]
  readonly accessScale: number
  /** Line of the relay that holds everything and is asked last. */
  readonly sourceKbps: number
  /** Downloads: Weibull's shape and scale of how long somebody stays, whether or not everything has come. */
  readonly stayShape: number
  readonly stayScaleMs: number
  /** Browsing: the same of the time on one page. */
  readonly dwellScaleMs: number
  /** Browsing: chance that another page follows. */
  readonly nextPage: number
  /** Browsing: exponent of the popularity of pages (Zipf). */
  readonly zipf: number
  /** Between an introduction and an open connection. */
  readonly dialMs: number
  /** A page asks the origin for what peers have not brought by then. The product learns this time; here it is fixed. */
  readonly hedgeMs: number
  /** Time between two samples of what is available. */
  readonly sampleMs: number
}

/**
 * What is used when nothing is set. Lines are the published ones times ten; upload is held to the product's cap.
 * Dwell times have the shape below 1 that Liu et al. found; their scale is ours.
 */
export const SCENARIO_DEFAULTS: Scenario = Object.freeze<Scenario>({
  seed: 1,
  visitors: 1000,
  arrivals: { kind: 'flash crowd', withinMs: 60_000 },
  visit: 'download',
  pieces: 240,
  pieceBytes: 128 * 1024,
  pagePieces: 8,
  order: 'rarest',
  access: GNUTELLA_ACCESS,
  accessScale: 10,
  sourceKbps: 100_000,
  stayShape: 0.6,
  stayScaleMs: 120_000,
  dwellScaleMs: 40_000,
  nextPage: 2 / 3,
  zipf: 0.8,
  dialMs: 700,
  hedgeMs: 1000,
  sampleMs: 5000,
})
