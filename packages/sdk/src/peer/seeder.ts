import type { PieceStore } from '@blackhole/swarm'
import type { SiteBlocks } from './site-blocks.ts'
import type { SiteVersionInUse } from './site-versions.ts'

/** What the seeder needs. */
export interface SeederComponents {
  readonly store: PieceStore
  readonly blocks: SiteBlocks
  readonly random: () => number
  readonly onError: (what: string, error: unknown) => void
  /** What this peer holds of the site has changed notably. */
  readonly onHeld: () => void
}

/** CIDs that are looked up at once. */
const LOOKUP_BATCH = 1_000

/** Pieces that are fetched at once for the sake of others: the visitor's own requests go first. */
const PARALLEL = 3

/** Knows how much of the current version this peer holds, and fetches the rest when it is to hold everything. */
export class Seeder {
  readonly #components: SeederComponents
  readonly #all: boolean
  #version: SiteVersionInUse | undefined
  #held = 0

  constructor(components: SeederComponents, init: { all: boolean }) {
    this.#components = components
    this.#all = init.all
  }

  /** Pieces of the current version that are stored here, as counted last. */
  get held(): number {
    return this.#held
  }

  /**
   * Turns to a version; with `all`, fetches what is missing of it in the background.
   *
   * @param joined - settles once other visitors can be asked: before that, all of it would come from relays
   */
  async seed(version: SiteVersionInUse, joined: Promise<unknown>, signal: AbortSignal): Promise<void> {
    this.#version = version
    await this.count()
    if (!this.#all) return
    await joined
    const missing = this.#shuffle(await this.#missing(version.pieces))
    const lane = async (): Promise<void> => {
      for (
        let cid = missing.pop();
        cid !== undefined && !signal.aborted && this.#version === version;
        cid = missing.pop()
      ) {
        await this.#components.blocks
          .get(cid, { signal, deadlineMs: BACKGROUND_DEADLINE_MS })
          .catch((error: unknown) => {
            if (!signal.aborted) this.#components.onError('a piece to hold for others', error)
          })
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, lane))
    await this.count()
  }

  /** Counts again what is held. */
  async count(): Promise<void> {
    const version = this.#version
    if (version === undefined) return
    const held = version.pieces.length - (await this.#missing(version.pieces)).length
    if (this.#version !== version) return
    const before = this.#held
    this.#held = held
    // Trackers give out those that hold something first, and those that hold all before them.
    const isNews =
      (before === 0) !== (held === 0) || (held === version.pieces.length && before < held) || held >= before * 2
    if (held !== before && isNews) this.#components.onHeld()
  }

  async #missing(pieces: readonly string[]): Promise<string[]> {
    const missing: string[] = []
    for (let at = 0; at < pieces.length; at += LOOKUP_BATCH) {
      const batch = pieces.slice(at, at + LOOKUP_BATCH)
      const found = await this.#components.store.hasMany(batch)
      missing.push(...batch.filter((_, index) => found[index] !== true))
    }
    return missing
  }

  /** A random order spreads visitors that start together over the pieces (Fisher-Yates). */
  #shuffle(cids: string[]): string[] {
    for (let at = cids.length - 1; at > 0; at--) {
      const other = Math.floor(this.#components.random() * (at + 1))
      const [a, b] = [cids[at], cids[other]]
      if (a !== undefined && b !== undefined) [cids[at], cids[other]] = [b, a]
    }
    return cids
  }
}

/** Nobody waits for it. */
const BACKGROUND_DEADLINE_MS = 60_000
