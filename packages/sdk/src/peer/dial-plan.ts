import { DIAL_TIMEOUT_MS } from '@blackhole/protocol'
import { ConnectionBudget } from './connection-budget.ts'
import type { SwarmCandidate } from './tracker-client.ts'

/** Limits of {@link DialPlan}. */
export interface DialPlanInit {
  /** Dials at once. */
  readonly parallel: number
  /**
   * Wait before a peer that could not be reached is tried again; doubles each time. Below `staleMs`, or nobody is tried
   * again before the tracker names them anew.
   */
  readonly backoffMs: number
  /** Deadline of a first dial; doubles with each failure: on a slow device, or a line that is full, a handshake takes seconds. */
  readonly timeoutMs: number
  /** A peer that failed so often is not tried again. */
  readonly maxFailures: number
  /** Candidates that are remembered: a tracker could name new ones for ever. */
  readonly maxCandidates: number
  /** A peer that was given up for another one is left alone for so long. */
  readonly restMs: number
  /** A peer that no tracker named for so long is not dialled: most visitors stay for less than a minute. */
  readonly staleMs: number
}

/** Defaults of {@link DialPlanInit}. */
export const DEFAULT_DIAL_PLAN: DialPlanInit = Object.freeze({
  parallel: 4,
  backoffMs: 5_000,
  timeoutMs: DIAL_TIMEOUT_MS,
  maxFailures: 3,
  maxCandidates: 200,
  restMs: 10 * 60_000,
  staleMs: 30_000,
})

/** What a tracker said, and when. */
export interface Offer {
  readonly candidates: readonly SwarmCandidate[]
  /** Whose tracker it was. */
  readonly relay: string
  /** These are all that it knows of: whom it named before and doesn't now has left. */
  readonly isComplete: boolean
  /** Milliseconds. */
  readonly now: number
}

interface Ranked {
  readonly candidate: SwarmCandidate
  readonly relay: string
  /** When it was named last. Milliseconds. */
  readonly namedAt: number
  /** 1 for whom the tracker named first, to 0. */
  readonly standing: number
}

interface Attempt {
  failures: number
  notBefore: number
}

/** Peers that are not to be dialled. */
export type Excluded = Pick<ReadonlySet<string>, 'has'>

/** Who to dial next. Decides only; it dials nobody, and is told what became of it. */
export class DialPlan {
  readonly #init: DialPlanInit
  readonly #random: () => number
  readonly #budget: Pick<ConnectionBudget, 'left' | 'spend'>
  #candidates = new Map<string, Ranked>()
  readonly #attempts = new Map<string, Attempt>()
  readonly #dialling = new Set<string>()

  constructor(
    components: { random: () => number; budget?: Pick<ConnectionBudget, 'left' | 'spend'> },
    init: Partial<DialPlanInit> = {},
  ) {
    this.#budget = components.budget ?? new ConnectionBudget()
    this.#random = components.random
    this.#init = { ...DEFAULT_DIAL_PLAN, ...init }
  }

  /** What a tracker knows now, its best choice first. A peer that is named again keeps its failures. */
  offer({ candidates, relay, isComplete, now }: Offer): void {
    if (isComplete)
      for (const [peer, known] of this.#candidates) if (known.relay === relay) this.#candidates.delete(peer)
    for (const [at, candidate] of candidates.entries()) {
      this.#candidates.delete(candidate.peer)
      this.#candidates.set(candidate.peer, { candidate, relay, namedAt: now, standing: 1 - at / candidates.length })
    }
    const surplus = this.#candidates.size - this.#init.maxCandidates
    for (const peer of [...this.#candidates.keys()].slice(0, Math.max(0, surplus))) this.#candidates.delete(peer)
    const forgotten = this.#attempts.size - 2 * this.#init.maxCandidates
    for (const peer of [...this.#attempts.keys()].slice(0, Math.max(0, forgotten))) this.#attempts.delete(peer)
  }

  /**
   * The peers to dial now, best first: holders of more pieces before others, then those whom the tracker named first,
   * and equals at random, so that visitors don't all dial the same one. Those that could not be reached get half of the
   * dials at most: many of them are gone, and hold theirs until its deadline.
   *
   * @param exclude - peers that are connected, banned or this one
   * @param wanted - connections that are still wished for
   */
  next(now: number, exclude: Excluded, wanted: number): SwarmCandidate[] {
    const room = Math.min(wanted - this.#dialling.size, this.#init.parallel - this.#dialling.size, this.#budget.left)
    if (room <= 0) return []
    const ranked = this.#fresh(now)
      .filter(({ candidate: { peer } }) => !exclude.has(peer) && !this.#dialling.has(peer) && this.#isDue(peer, now))
      .map(({ candidate, standing }) => ({ candidate, rank: share(candidate) + standing / 2 + this.#random() / 2 }))
      .sort((a, b) => b.rank - a.rank)
      .map(({ candidate }) => candidate)
    const again = ranked.filter(({ peer }) => this.#failures(peer) > 0).slice(0, this.#roomForRepeats())
    return ranked.filter((each) => this.#failures(each.peer) === 0 || again.includes(each)).slice(0, room)
  }

  /** Candidates that hold pieces and may still be reached, connected ones excepted. */
  holdersLeft(now: number, exclude: Excluded): number {
    return this.#fresh(now).filter(
      ({ candidate: { peer, have } }) => have > 0 && !exclude.has(peer) && this.#failures(peer) === 0,
    ).length
  }

  /** How to dial a peer: shortly and twice at first, since a page may wait for it; with more time, once, when that failed. */
  terms(peer: string): { readonly timeoutMs: number; readonly attempts: number } {
    const failures = this.#failures(peer)
    return { timeoutMs: this.#init.timeoutMs * 2 ** failures, attempts: failures === 0 ? 2 : 1 }
  }

  started(peer: string): void {
    this.#dialling.add(peer)
    this.#budget.spend()
  }

  succeeded(peer: string): void {
    this.#dialling.delete(peer)
    this.#attempts.delete(peer)
  }

  failed(peer: string, now: number): void {
    this.#dialling.delete(peer)
    const failures = this.#failures(peer) + 1
    this.#attempts.set(peer, { failures, notBefore: now + this.#init.backoffMs * 2 ** (failures - 1) })
  }

  /** A peer was given up for another one: it may be tried again after a rest, like one that failed once. */
  givenUp(peer: string, now: number): void {
    this.#attempts.set(peer, { failures: 0, notBefore: now + this.#init.restMs })
  }

  /** Those whom a tracker named a short while ago. */
  #fresh(now: number): Ranked[] {
    return [...this.#candidates.values()].filter(({ namedAt }) => now - namedAt < this.#init.staleMs)
  }

  /** Dials that may still begin to peers that could not be reached. */
  #roomForRepeats(): number {
    const begun = [...this.#dialling].filter((peer) => this.#failures(peer) > 0).length
    return Math.max(0, Math.ceil(this.#init.parallel / 2) - begun)
  }

  #failures(peer: string): number {
    return this.#attempts.get(peer)?.failures ?? 0
  }

  #isDue(peer: string, now: number): boolean {
    const attempt = this.#attempts.get(peer)
    return attempt === undefined || (attempt.failures < this.#init.maxFailures && attempt.notBefore <= now)
  }
}

/** Part of the site that a candidate says it holds. */
function share({ have, total }: SwarmCandidate): number {
  return total > 0 ? Math.min(1, have / total) : 0
}
