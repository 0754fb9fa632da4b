import type { PieceStore } from '@blackhole/swarm'
import { abortable } from '../sleep.ts'
import { fetchAll, type FetchAllComponents } from './seeder-fetch.ts'
import type { SiteVersionInUse } from './site-versions.ts'

/** What the seeder needs. */
export interface SeederComponents extends FetchAllComponents {
  readonly store: Pick<PieceStore, 'hasMany'>
  /** What this peer holds of the site has changed notably. */
  readonly onHeld: () => void
}

/** CIDs that are looked up at once. */
const LOOKUP_BATCH = 1_000

/** Knows how much of the current version this peer holds, and fetches the rest when it is to hold everything. */
export class Seeder {
  readonly #components: SeederComponents
  readonly #all: boolean
  #version: Pick<SiteVersionInUse, 'pieces'> | undefined
  #turn: AbortController | undefined
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
   * Turns to a version; with `all`, fetches what is missing of it in the background, until all was fetched,
   * another version is turned to, or the signal is aborted.
   *
   * @param version - its pieces must be known to the swarm
   * @param joined - settles once other visitors can be asked: before that, all of it would come from relays
   */
  async seed(version: Pick<SiteVersionInUse, 'pieces'>, joined: Promise<unknown>, signal: AbortSignal): Promise<void> {
    this.#version = version
    this.#turn?.abort()
    const turn = new AbortController()
    this.#turn = turn
    await this.count()
    if (!this.#all) return
    const isOver = AbortSignal.any([signal, turn.signal])
    try {
      await abortable(joined, isOver)
      await fetchAll(this.#components, await this.#missing(version.pieces), isOver)
    } catch (error) {
      if (!isOver.aborted) throw error
      return
    }
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
}
