/** How a piece is fetched. */
export interface FetchOptions {
  /** Milliseconds from now in which it is needed. It decides the order, and when help is called; it is no timeout. Default: as soon as possible, after those with a deadline. */
  readonly deadlineMs?: number | undefined
  /** Whether peers of last resort may be asked when no other has it or time runs out. Default: true. */
  readonly lastResort?: boolean | undefined
  /** Size of the block in bytes, when known and not told to `addVersion`: saves a round trip for blocks above 128 KiB. */
  readonly size?: number | undefined
  /** Whether to wait until somebody has it, when nobody does. Default: no. */
  readonly patient?: boolean | undefined
  /** Stops waiting; when nobody else waits, the requests are cancelled. */
  readonly signal?: AbortSignal | undefined
}

/** How pieces are fetched in the background. */
export type PrefetchOptions = Pick<FetchOptions, 'lastResort' | 'signal'>

/** Default of `deadlineMs`. */
export const DEFAULT_DEADLINE_MS = 60_000
