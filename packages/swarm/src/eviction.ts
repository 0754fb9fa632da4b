/** What is known of a stored block when something has to go. */
export interface EvictionCandidate {
  readonly cid: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly lastUsed: number
  /** Times that it was read or served. */
  readonly uses: number
}

/** One doubling of a block's uses is worth this much recency. */
export const POPULARITY_HALF_LIFE_MS = 24 * 60 * 60 * 1000

/**
 * Part of the quota that is left after an eviction, so that a full store does
 * not scan its index at every write.
 */
export const EVICTION_LOW_WATERMARK = 0.9

/**
 * How much a block is worth keeping: recency weighted with popularity, as in
 * LRFU (Lee et al., IEEE Transactions on Computers 50(12), 2001), in its logarithmic form so that
 * old blocks keep an order among themselves.
 *
 * @param now - milliseconds since 1970; a `lastUsed` later than that counts as now
 * @returns a number without unit; the lowest goes first
 */
export function evictionScore(candidate: Pick<EvictionCandidate, 'lastUsed' | 'uses'>, now: number): number {
  const ageMs = Math.max(0, now - candidate.lastUsed)
  return Math.log2(1 + Math.max(0, candidate.uses)) - ageMs / POPULARITY_HALF_LIFE_MS
}

/**
 * Chooses what to evict.
 *
 * @param protect - CIDs that stay: leased, or being written
 * @param bytes - at least this many bytes have to go
 * @returns CIDs in the order in which they go, fewer bytes than asked when the rest is protected
 */
export function chooseEvictions(
  candidates: readonly EvictionCandidate[],
  protect: ReadonlySet<string>,
  bytes: number,
  now: number,
): EvictionCandidate[] {
  const order = candidates
    .filter(({ cid }) => !protect.has(cid))
    .map((candidate) => ({ candidate, score: evictionScore(candidate, now) }))
    .sort((a, b) => a.score - b.score)
  const chosen: EvictionCandidate[] = []
  let left = bytes
  for (const { candidate } of order) {
    if (left <= 0) break
    chosen.push(candidate)
    left -= candidate.size
  }
  return chosen
}
