import type { Swarm } from '@blackhole/swarm'
import { isAborted, sleep } from '../sleep.ts'
import type { SiteBlocks } from './site-blocks.ts'

/** What {@link fetchAll} needs. */
export interface FetchAllComponents {
  readonly swarm: Pick<Swarm, 'prefetch' | 'availability' | 'holds' | 'unstored'>
  readonly blocks: Pick<SiteBlocks, 'fromRelays'>
  readonly now: () => number
  readonly random: () => number
  readonly onError: (what: string, error: unknown) => void
  /** Waits; rejects when the signal is aborted. Default: by the clock. */
  readonly wait?: (ms: number, options: { signal: AbortSignal }) => Promise<void>
}

/** Pieces that are asked of relays at once for the sake of others: the visitor's own requests go first. */
const PARALLEL = 3
/** So many failures in a row are an outage, not a piece that is missing. */
const OUTAGE_FAILURES = 3
/** After an outage it is tried again after this time, which doubles each time up to the other, with up to half of it added at random. */
const FIRST_PAUSE_MS = 1_000
const LAST_PAUSE_MS = 60_000
/** How often it is looked for pieces that no connected visitor has any more. */
const LOOK_MS = 5_000
/** Visitors that hold pieces and give none for so long (their uploads are paused) are as good as none. */
const STALL_MS = 30_000
/** Pieces that are asked of relays before it is looked again who holds what. */
const ROUND_PIECES = 64

/**
 * Fetches pieces to hold for others, for as long as it takes: from visitors in the background, rarest first; from
 * relays, a few at a time, only what no connected visitor has. Each piece is fetched once, even when the store
 * has no room for it.
 *
 * @param missing - CIDs of pieces of a version that the swarm knows
 * @throws the signal's reason when it is aborted
 */
export async function fetchAll(
  components: FetchAllComponents,
  missing: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { swarm, random, wait = sleep } = components
  const left = new Set(shuffle(missing, random))
  const over = new AbortController()
  const isOver = AbortSignal.any([signal, over.signal])
  const fromVisitors = swarm.prefetch(missing, { signal: isOver, lastResort: false }).then(
    () => {
      left.clear()
      over.abort()
    },
    (error: unknown) => {
      if (!isOver.aborted) throw error
    },
  )
  const fromRelays = async (): Promise<void> => {
    const progress = new Progress(components, left)
    let pauseMs = FIRST_PAUSE_MS
    // Where one visitor holds pieces, others that are still being dialled may hold the rest.
    const isShared = missing.some((cid) => swarm.availability(cid, { lastResort: false }) > 0)
    if (isShared) await wait(LOOK_MS, { signal: isOver }).catch(() => undefined)
    while (!isOver.aborted) {
      const round = progress.next()
      const { got, isOutage } = await getRound(components, round, left, isOver)
      if (left.size === 0) break
      if (got > 0) pauseMs = FIRST_PAUSE_MS
      const ms = isOutage ? pauseMs * (1 + random() / 2) : LOOK_MS
      if (isOutage) pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 2)
      if (isOutage || round.length < ROUND_PIECES) await wait(ms, { signal: isOver }).catch(() => undefined)
    }
  }
  try {
    await Promise.all([fromVisitors, fromRelays().finally(() => over.abort())])
  } finally {
    over.abort()
  }
  signal.throwIfAborted()
}

/** What is left, and whether visitors give it. */
class Progress {
  readonly #components: FetchAllComponents
  readonly #left: Set<string>
  #at: number

  constructor(components: FetchAllComponents, left: Set<string>) {
    this.#components = components
    this.#left = left
    this.#at = components.now()
  }

  /** Forgets what is here by now, and gives pieces that have to come from relays. */
  next(): string[] {
    const { swarm, now } = this.#components
    const before = this.#left.size
    const round: string[] = []
    for (const cid of this.#left) {
      if (isHere(swarm, cid)) this.#left.delete(cid)
      else if (swarm.availability(cid, { lastResort: false }) === 0 && round.push(cid) === ROUND_PIECES) break
    }
    if (this.#left.size < before) this.#at = now()
    const isStalled = round.length === 0 && now() - this.#at > STALL_MS
    return isStalled ? [...this.#left].slice(0, ROUND_PIECES) : round
  }
}

/** Asks relays for some pieces; gives up when it fails again and again. What fails comes last next time. */
async function getRound(
  { swarm, blocks, onError }: FetchAllComponents,
  round: readonly string[],
  left: Set<string>,
  signal: AbortSignal,
): Promise<{ got: number; isOutage: boolean }> {
  const queue = [...round]
  let got = 0
  let failures = 0
  let failed = false
  const lane = async (): Promise<void> => {
    while (failures < OUTAGE_FAILURES && !signal.aborted) {
      const cid = queue.shift()
      if (cid === undefined) return
      if (isHere(swarm, cid)) continue
      try {
        await blocks.fromRelays(cid, { signal })
        left.delete(cid)
        got += 1
        failures = 0
      } catch (error) {
        if (isAborted(signal)) return
        left.delete(cid)
        left.add(cid)
        failures += 1
        if (!failed) onError('a piece to hold for others', error)
        failed = true
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, lane))
  return { got, isOutage: failures > 0 }
}

function isHere(swarm: FetchAllComponents['swarm'], cid: string): boolean {
  return swarm.holds(cid) === true || swarm.unstored(cid) !== undefined
}

/** A random order spreads visitors that start together over the pieces (Fisher-Yates). */
function shuffle(cids: readonly string[], random: () => number): string[] {
  const shuffled = [...cids]
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const [a, b] = [shuffled[at], shuffled[other]]
    if (a !== undefined && b !== undefined) [shuffled[at], shuffled[other]] = [b, a]
  }
  return shuffled
}
