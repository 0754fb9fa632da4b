import type { Expectation } from './hedge-times.ts'

/**
 * When HTTP starts beside the peers. Pure decisions: the promise is that a
 * page is never slower than without Blackhole, so peers are waited for only
 * where they are expected sooner than HTTP, and no longer than HTTP itself
 * would have taken.
 *
 * The idea is that of the hedged request (Dean and Barroso, "The Tail at
 * Scale", CACM 56(2), 2013): the second request is sent only once the first
 * has taken longer than is usual. What is usual is measured (`hedge-times.ts`).
 */

/** Bounds of the head start that peers get. */
export const HEDGE = Object.freeze({
  /** Up to this size a response is one short transfer: waiting costs more than the bytes. */
  smallBytes: 64 * 1024,
  /** Later than HTTP by this is not noticed: a peer needs a round trip through the page. */
  minMs: 30,
  /** The longest that anything that blocks a page waits while it is not known how long HTTP takes. */
  maxMs: 300,
  /** The same for a large image: up to 100 ms an answer feels immediate (Nielsen, "Usability Engineering", 1993, section 5.5). */
  minImageMs: 100,
  /** The same two bounds for what is large and blocks nothing; the lower one for media alone once HTTP was measured. */
  minLargeMs: 250,
  maxLargeMs: 2_000,
  /** The longest that anything waits, a piece that is read ahead of its use included. */
  maxAheadMs: 10_000,
  /** The longest that HTTP is held back for what nobody needs yet: players give up an answer that does not begin in 10 s. */
  maxSpareMs: 5_000,
  /** Of the time in which nobody notices, this part at least is left to HTTP. */
  spareForHttp: 1 / 6,
  /** What peers are expected to take before anything was measured. */
  assumedMs: 75,
  /** When peers are clearly slower, they are still asked beside HTTP for one piece in so many, to notice when they no longer are. */
  probeEvery: 8,
})

/** What is known of a piece when it is asked for. */
export interface HedgeInput {
  /** `Request.destination`. */
  readonly destination: string
  /** Bytes of the whole response. */
  readonly bytes: number
  /** Pieces of the response before this one that are not delivered yet. */
  readonly ahead: number
  /** Nobody notices anything if it is here within so many milliseconds; undefined where it is not known. */
  readonly spareMs?: number | undefined
  /** Peers of the host page; undefined when no page has answered yet. */
  readonly peers: number | undefined
  /** When peers are expected to have sent the piece; undefined when nothing is known. */
  readonly fromPeers: Expectation | undefined
  /** The same of HTTP. */
  readonly fromHttp: Expectation | undefined
}

/**
 * What to do: `peers`: ask them, and HTTP too after the head start; `both`: at once; `http`: HTTP alone, peers if it fails.
 */
export interface HedgePlan {
  readonly ask: 'peers' | 'both' | 'http'
  /** Milliseconds from when peers were asked; 0 unless `ask` is `peers`. */
  readonly headStartMs: number
}

const BLOCKING: ReadonlySet<string> = new Set(['document', 'iframe', 'frame', 'script', 'style', 'font', 'worker'])

const AT_ONCE: HedgePlan = Object.freeze({ ask: 'both', headStartMs: 0 })
const HTTP_ALONE: HedgePlan = Object.freeze({ ask: 'http', headStartMs: 0 })

/** Whether the page (or a reader of it) waits for this response with all else. */
export function isUrgent({ destination, bytes }: Pick<HedgeInput, 'destination' | 'bytes'>): boolean {
  return BLOCKING.has(destination) || bytes <= HEDGE.smallBytes
}

/**
 * How much longer than HTTP peers may take, to save the origin's bytes: nothing where the page or a script waits,
 * a little for an image, twice for media, which plays from a buffer.
 */
export function slackOf({ destination, bytes }: Pick<HedgeInput, 'destination' | 'bytes'>): number {
  if (isUrgent({ destination, bytes })) return 1
  if (destination === 'video' || destination === 'audio') return 2
  return destination === 'image' ? 1.2 : 1
}

/** Whom to ask for a piece, and when. */
export function planHedge(input: HedgeInput): HedgePlan {
  const { fromPeers, fromHttp, peers } = input
  if (peers === 0) return HTTP_ALONE
  const spareMs = heldBackMs(input.spareMs, fromHttp?.ms)
  if (spareMs > Math.max(HEDGE.minMs, fromPeers?.ms ?? 0)) return { ask: 'peers', headStartMs: spareMs }
  if (fromHttp === undefined) return { ask: 'peers', headStartMs: blindHeadStartMs(input) }
  const minMs = unnoticedMs(input)
  // HTTP would have brought the pieces before this one first, as the peers do.
  const httpMs = (input.ahead + 1) * fromHttp.ms
  const mostMs = clamp(slackOf(input) * httpMs, minMs, HEDGE.maxAheadMs)
  if (fromPeers === undefined) return { ask: 'peers', headStartMs: Math.min(mostMs, blindHeadStartMs(input)) }
  if (fromPeers.ms <= mostMs) return { ask: 'peers', headStartMs: clamp(fromPeers.lateMs, minMs, mostMs) }
  return fromPeers.earlyMs <= (input.ahead + 1) * fromHttp.lateMs ? AT_ONCE : HTTP_ALONE
}

/**
 * How long HTTP is held back for what has to be here only after a while: so that it still brings it in time, should
 * peers that hold it send nothing.
 *
 * @param spareMs - milliseconds within which it has to be here
 * @param httpMs - what HTTP takes for all of it, as far as it was measured
 */
export function heldBackMs(spareMs = 0, httpMs = 0): number {
  return clamp(spareMs - Math.max(httpMs, HEDGE.spareForHttp * spareMs), 0, HEDGE.maxSpareMs)
}

/** Later than HTTP by so much is given to save its bytes, whatever it is in proportion. */
function unnoticedMs(input: HedgeInput): number {
  if (isUrgent(input) || input.destination === '') return HEDGE.minMs
  return input.destination === 'image' ? HEDGE.minImageMs : HEDGE.minLargeMs
}

/** The head start while it is not known how long HTTP takes. */
function blindHeadStartMs(input: HedgeInput): number {
  const { fromPeers, ahead } = input
  const usual = fromPeers?.ms ?? HEDGE.assumedMs
  const late = fromPeers?.lateMs ?? 2 * HEDGE.assumedMs
  if (isUrgent(input)) return clamp(late, HEDGE.minMs, HEDGE.maxMs)
  if (ahead > 0) return clamp(4 * usual * (ahead + 1), HEDGE.maxLargeMs, HEDGE.maxAheadMs)
  return clamp(Math.max(late, 4 * usual), HEDGE.minLargeMs, HEDGE.maxLargeMs)
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}
