/** What became of what visitors asked a zone for. */
export const PULL_RESULTS = ['hit', 'miss', 'revalidated', 'refused', 'unavailable'] as const

/**
 * `hit`: it was held. `miss`: it was not, or had run out; each visitor's ask is one. `revalidated`: what was held was asked
 * about again, and holds or has changed; once, however many asked. `refused`: it is not to be shared, too large, or none of the zone's. `unavailable`: the origin
 * did not answer, or was in trouble.
 */
export type PullResult = (typeof PULL_RESULTS)[number]

/** What a zone did since the relay started. */
export interface PullCounts {
  readonly requests: Readonly<Record<PullResult, number>>
  /** Bytes of bodies that the origin sent and that were read. */
  readonly originBytes: number
  /** Bytes of held assets that visitors reported to have asked for: what their origin did not send. */
  readonly savedBytes: number
}
