import type { Availability } from './availability.ts'
import type { PieceFetch } from './piece-fetch.ts'

/** Pieces that one `prefetch` call still waits for. */
export interface PrefetchGroup {
  readonly left: Set<number>
  readonly done: () => void
  /** Whether peers of last resort may be asked. */
  readonly lastResort: boolean
}

/** All fetches, in the order in which they are served. */
export class FetchQueue {
  readonly #all = new Map<string, PieceFetch>()
  readonly #begun = new Set<PieceFetch>()
  readonly #groups = new Set<PrefetchGroup>()
  readonly #availability: Availability
  #urgent: PieceFetch[] = []

  /** @param availability - keeps the background pieces that wait */
  constructor(availability: Availability) {
    this.#availability = availability
  }

  get(cid: string): PieceFetch | undefined {
    return this.#all.get(cid)
  }

  get all(): IterableIterator<PieceFetch> {
    return this.#all.values()
  }

  get size(): number {
    return this.#all.size
  }

  /** Fetches that somebody waits for, earliest deadline first. */
  get urgent(): readonly PieceFetch[] {
    return this.#urgent
  }

  /** Background fetches under way. */
  get begun(): ReadonlySet<PieceFetch> {
    return this.#begun
  }

  /** Puts a fetch where it belongs now; also after its deadline or its callers changed. */
  place(fetch: PieceFetch): void {
    this.unplace(fetch)
    this.#all.set(fetch.cid, fetch)
    if (fetch.piece !== undefined) this.#availability.unwant(fetch.piece)
    if (!fetch.isUrgent) {
      this.#begun.add(fetch)
      return
    }
    const at = this.#urgent.findIndex(({ deadline }) => deadline > fetch.deadline)
    this.#urgent.splice(at < 0 ? this.#urgent.length : at, 0, fetch)
  }

  /** Takes a fetch out of the order while it is verified; `get` still finds it. */
  unplace(fetch: PieceFetch): void {
    this.#begun.delete(fetch)
    const at = this.#urgent.indexOf(fetch)
    if (at >= 0) this.#urgent.splice(at, 1)
  }

  /** Forgets a fetch. When it failed and the background still wants it, it waits again. */
  remove(fetch: PieceFetch): void {
    this.unplace(fetch)
    this.#all.delete(fetch.cid)
    if (fetch.piece !== undefined && this.isWanted(fetch.piece)) this.#availability.want(fetch.piece)
  }

  /** Whether a background download wants the piece. */
  isWanted(piece: number): boolean {
    for (const { left } of this.#groups) if (left.has(piece)) return true
    return false
  }

  /** Whether peers of last resort may be asked for a piece for the background's sake. */
  mayUseLastResort(piece: number): boolean {
    for (const { left, lastResort } of this.#groups) if (lastResort && left.has(piece)) return true
    return false
  }

  addGroup(group: PrefetchGroup): void {
    this.#groups.add(group)
    for (const piece of group.left) this.#availability.want(piece)
  }

  /** @returns fetches that the background wants no more */
  removeGroup(group: PrefetchGroup): PieceFetch[] {
    this.#groups.delete(group)
    const unwanted = [...group.left].filter((piece) => !this.isWanted(piece))
    for (const piece of unwanted) this.#availability.unwant(piece)
    const gone = new Set(unwanted)
    return [...this.#all.values()].filter((fetch) => fetch.piece !== undefined && gone.has(fetch.piece))
  }

  /** We hold these pieces now. */
  held(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      this.#availability.unwant(piece)
      for (const { left, done } of this.#groups) if (left.delete(piece) && left.size === 0) done()
    }
  }
}
