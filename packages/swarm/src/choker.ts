/** How often the choker decides: BEP 3 ("to avoid fibrillation"). */
export const CHOKE_INTERVAL_MS = 10_000
/** How long an optimistic slot lasts: BEP 3. */
export const OPTIMISTIC_INTERVAL_MS = 30_000
/** Newcomers are this many times as likely to get the optimistic slot: BEP 3. */
export const NEWCOMER_WEIGHT = 3

/** What the choker knows of a peer. */
export interface ChokeCandidate {
  readonly peer: string
  /** It asked for something lately. */
  readonly interested: boolean
  /** Bytes per second that it gave us lately. */
  readonly receivedRate: number
  /** Bytes per second that it took from us lately: the order among those that give nothing, as seeds see it. */
  readonly sentRate: number
  /** It joined less than an optimistic interval ago. */
  readonly newcomer: boolean
}

/** What the choker remembers between rounds. */
export interface ChokeState {
  /** Who has the optimistic slot, if anyone. */
  readonly optimistic: string | undefined
  /** When it was given. Milliseconds. */
  readonly optimisticSince: number
}

/** What a round decided. */
export interface ChokeDecision extends ChokeState {
  /** Peers that are served. */
  readonly unchoked: ReadonlySet<string>
}

/**
 * One round of tit-for-tat (Cohen, "Incentives Build Robustness in BitTorrent", 2003; BEP 3). With no more
 * interested peers than slots nobody is choked. Else the peers that give most
 * have the slots, but one slot goes to a random peer, for 30 s.
 *
 * @param slots - peers served at once, the optimistic one included; at least 1
 * @param now - milliseconds
 * @param random - from 0 up to, not including, 1
 */
export function chokeRound(
  candidates: readonly ChokeCandidate[],
  slots: number,
  state: ChokeState,
  now: number,
  random: () => number,
): ChokeDecision {
  const interested = candidates.filter((candidate) => candidate.interested)
  if (interested.length <= slots) {
    return { unchoked: new Set(candidates.map(({ peer }) => peer)), optimistic: undefined, optimisticSince: 0 }
  }
  const keep =
    now - state.optimisticSince < OPTIMISTIC_INTERVAL_MS && interested.some(({ peer }) => peer === state.optimistic)
  const best = interested
    .filter(({ peer }) => !keep || peer !== state.optimistic)
    .sort((a, b) => b.receivedRate - a.receivedRate || b.sentRate - a.sentRate || (a.peer < b.peer ? -1 : 1))
    .slice(0, slots - 1)
    .map(({ peer }) => peer)
  const unchoked = new Set(best)
  const optimistic = keep
    ? state.optimistic
    : draw(
        interested.filter(({ peer }) => !unchoked.has(peer)),
        random,
      )
  if (optimistic !== undefined) unchoked.add(optimistic)
  // A peer that asks for nothing costs nothing; when it asks, the next round decides.
  for (const { peer, interested: asks } of candidates) if (!asks) unchoked.add(peer)
  return { unchoked, optimistic, optimisticSince: keep ? state.optimisticSince : now }
}

function draw(candidates: readonly ChokeCandidate[], random: () => number): string | undefined {
  const weight = ({ newcomer }: ChokeCandidate): number => (newcomer ? NEWCOMER_WEIGHT : 1)
  let at = random() * candidates.reduce((sum, candidate) => sum + weight(candidate), 0)
  for (const candidate of candidates) {
    at -= weight(candidate)
    if (at < 0) return candidate.peer
  }
  return candidates.at(-1)?.peer
}
