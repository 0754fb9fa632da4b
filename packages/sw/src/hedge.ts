/**
 * When HTTP starts beside the peers. Pure decisions: the promise is that a
 * page is never slower than without Blackhole, so whatever blocks rendering
 * waits for peers only for as long as they usually take, and media, which
 * nobody waits for with the whole page, gives them longer.
 *
 * The idea is that of the hedged request (Dean and Barroso, "The Tail at
 * Scale", CACM 56(2), 2013): the second request is sent only once the first
 * has taken longer than is usual.
 */

/** Bounds of the head start that peers get. */
export const HEDGE = Object.freeze({
  /** Up to this size a response is one short transfer: waiting costs more than the bytes. */
  smallBytes: 64 * 1024,
  /** A head start under this would always race: a peer needs a round trip. */
  minMs: 30,
  /** The longest that anything that blocks a page waits. */
  maxMs: 300,
  /** Bounds for what is large. */
  minLargeMs: 250,
  maxLargeMs: 2_000,
  /** The longest that a piece read ahead of its use waits. */
  maxAheadMs: 10_000,
  /** What peers are expected to take before anything was measured. */
  assumedMs: 75,
})

/** What is known of a piece when it is asked for. */
export interface HedgeInput {
  /** `Request.destination`. */
  readonly destination: string
  /** Bytes of the whole response. */
  readonly bytes: number
  /** Pieces of the response before this one that are not delivered yet. */
  readonly ahead: number
  /** Peers of the host page; undefined when no page has answered yet. */
  readonly peers: number | undefined
  /** How peers did lately. */
  readonly pace: Pace
}

/** How fast peers were lately. */
export interface Pace {
  /** Usual time for a piece in milliseconds; undefined when none was measured. */
  readonly pieceMs: number | undefined
  /** Whether peers usually beat HTTP when both are asked. */
  readonly winning: boolean
}

const BLOCKING: ReadonlySet<string> = new Set(['document', 'iframe', 'frame', 'script', 'style', 'font', 'worker'])

/** Whether the page (or a reader of it) waits for this response with all else. */
export function isUrgent({ destination, bytes }: Pick<HedgeInput, 'destination' | 'bytes'>): boolean {
  return BLOCKING.has(destination) || bytes <= HEDGE.smallBytes
}

/** Milliseconds that peers get before HTTP is asked too; 0 when there is nobody to wait for. */
export function headStartMs(input: HedgeInput): number {
  if (input.peers === 0) return 0
  const usual = input.pace.pieceMs ?? HEDGE.assumedMs
  if (isUrgent(input)) return input.pace.winning ? clamp(2 * usual, HEDGE.minMs, HEDGE.maxMs) : HEDGE.minMs
  if (input.ahead > 0) return clamp(4 * usual * (input.ahead + 1), HEDGE.maxLargeMs, HEDGE.maxAheadMs)
  return input.pace.winning ? clamp(4 * usual, HEDGE.minLargeMs, HEDGE.maxLargeMs) : HEDGE.minLargeMs
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}

/** Weight of a new measurement, as for TCP's round-trip time (RFC 6298, section 2). */
const ALPHA = 1 / 8

/**
 * Learns how fast peers are. Kept in memory only: a worker that is started
 * again begins with what is assumed.
 */
export class PeerPace implements Pace {
  #pieceMs: number | undefined
  #wins = 1

  get pieceMs(): number | undefined {
    return this.#pieceMs
  }

  get winning(): boolean {
    return this.#wins >= 0.5
  }

  /** A piece came from peers after so long. */
  won(ms: number): void {
    this.#pieceMs = this.#pieceMs === undefined ? ms : this.#pieceMs + ALPHA * (ms - this.#pieceMs)
    this.#wins += ALPHA * 2 * (1 - this.#wins)
  }

  /** HTTP delivered while peers had been asked longer: they are slower than it. */
  lost(): void {
    this.#wins += ALPHA * 2 * (0 - this.#wins)
  }
}
