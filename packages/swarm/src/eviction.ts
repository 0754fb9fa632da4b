/** Where a block waits: new ones have to be used again in `small` before they get to `main`. */
export type EvictionQueue = 'small' | 'main'

/** What is known of a stored block when something has to go. */
export interface EvictionCandidate {
  readonly cid: string
  readonly size: number
  readonly queue: EvictionQueue
  /** Place in its queue: the lowest is next to go. */
  readonly place: number
  /** Times that it was read or served since it came into its queue, as far as {@link MAX_COUNTED_USES}. */
  readonly uses: number
}

/** What an eviction does. */
export interface EvictionPlan {
  /** Blocks that go, in this order. */
  readonly evicted: readonly EvictionCandidate[]
  /** Those of them that were never used again: their addresses are remembered, see {@link MAX_GHOSTS}. */
  readonly ghosts: readonly EvictionCandidate[]
  /** Blocks that stay with another queue, place or number of uses. */
  readonly moved: readonly EvictionCandidate[]
  /** Next free place. */
  readonly nextPlace: number
}

/** Part of the store in which new blocks have to be used again (S3-FIFO, section 4.1). */
export const SMALL_SHARE = 0.1

/** Uses are counted to here: a block that was popular once is not kept for ever. */
export const MAX_COUNTED_USES = 3

/** Addresses of evicted blocks that are remembered; bounds what a site of very small files can make of it. */
export const MAX_GHOSTS = 8192

/**
 * Part of the quota that is left after an eviction, so that a full store does
 * not scan its index at every write.
 */
export const EVICTION_LOW_WATERMARK = 0.9

/**
 * Chooses what to evict: S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023,
 * Algorithm 1), in bytes instead of blocks. New blocks wait in a small queue and leave it soon, unless they are
 * used again: then they move on to the main queue, where each use since the last look gives one more round. One use is enough to move on, in place of the
 * paper's two: a store that forgets what was just read again would surprise. `docs/decisions/0010` has the measurements.
 *
 * @param options.protect - CIDs that stay where they are: leased, or being written
 * @param options.bytes - at least this many bytes have to go
 * @param options.nextPlace - higher than all places
 * @returns fewer bytes than asked when the rest is protected
 */
export function planEvictions(
  candidates: readonly EvictionCandidate[],
  options: { readonly protect: ReadonlySet<string>; readonly bytes: number; readonly nextPlace: number },
): EvictionPlan {
  const { protect } = options
  const held = candidates.reduce((sum, { size }) => sum + size, 0)
  let smallBytes = candidates.reduce((sum, { size, queue }) => (queue === 'small' ? sum + size : sum), 0)
  const inOrder = candidates.filter(({ cid }) => !protect.has(cid)).sort((a, b) => a.place - b.place)
  const small = inOrder.filter(({ queue }) => queue === 'small')
  const main = inOrder.filter(({ queue }) => queue === 'main')
  const evicted: EvictionCandidate[] = []
  const ghosts: EvictionCandidate[] = []
  const moved = new Map<string, EvictionCandidate>()
  let [atSmall, atMain, left, place] = [0, 0, options.bytes, options.nextPlace]
  const toMain = (block: EvictionCandidate, uses: number): void => {
    const again: EvictionCandidate = { ...block, queue: 'main', place, uses }
    place += 1
    main.push(again)
    moved.set(block.cid, again)
  }
  const evict = (block: EvictionCandidate): void => {
    evicted.push(block)
    moved.delete(block.cid)
    left -= block.size
  }
  while (left > 0) {
    const [newest, oldest] = [small[atSmall], main[atMain]]
    const block = newest !== undefined && (smallBytes >= SMALL_SHARE * held || oldest === undefined) ? newest : oldest
    if (block === undefined) break
    if (block === newest) {
      atSmall += 1
      smallBytes -= block.size
      if (block.uses > 0) {
        toMain(block, 0)
        continue
      }
      ghosts.push(block)
      evict(block)
    } else {
      atMain += 1
      if (block.uses > 0) toMain(block, Math.min(block.uses, MAX_COUNTED_USES) - 1)
      else evict(block)
    }
  }
  return { evicted, ghosts, moved: [...moved.values()], nextPlace: place }
}
