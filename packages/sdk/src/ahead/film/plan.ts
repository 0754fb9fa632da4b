/** A piece that is going to be needed, and what is known of it. */
export interface WantedPiece {
  readonly cid: string
  /** When it is needed, in milliseconds: a player that has come to it asks elsewhere before that. */
  readonly neededAt: number
  /** When it was first spoken of. */
  readonly since: number
  /** Other visitors that hold it. */
  readonly holders: number
  /** One of them says that it is getting it from elsewhere. */
  readonly coming: boolean
  /** A player has come to it, and waits. */
  readonly awaited: boolean
  /** How many others should fetch it before us, when nobody holds it (`turnOf`). */
  readonly turn: number
}

/** What to do for the pieces that are not here. */
export interface AheadPlan {
  /** Needed soon: from all that hold them at once, the one needed first before the others. */
  readonly near: readonly WantedPiece[]
  /** Rarest first, from others who hold them. */
  readonly far: readonly WantedPiece[]
  /** Held by nobody, and our turn: from a relay, in this order. */
  readonly fromRelay: readonly WantedPiece[]
}

/** When which piece is fetched from whom. */
export const AHEAD_PLAN = Object.freeze({
  /** What is needed within this time is about to be needed: a segment's length, as they are usually made. */
  nearMs: 4_000,
  /** Each of those before us gets so long to say that it is getting a piece, or holds it. */
  turnMs: 1_000,
  /** Somebody who was asked what they hold has so long to say so. */
  askedMs: 500,
  /** With less than this left, nobody's turn is waited for. */
  lateMs: 1_500,
})

/**
 * Decides what is fetched from where.
 *
 * @param visitors - others that are connected: with none, what a player will ask for is its own affair
 * @param isUnsure - one of them has not said yet what it holds: only what is late is fetched from a relay
 */
export function planAhead(wanted: Iterable<WantedPiece>, visitors: number, now: number, isUnsure = false): AheadPlan {
  const near: WantedPiece[] = []
  const far: WantedPiece[] = []
  const fromRelay: WantedPiece[] = []
  for (const piece of wanted) {
    const leftMs = piece.neededAt - now
    if (piece.holders > 0) (piece.awaited || leftMs < AHEAD_PLAN.nearMs ? near : far).push(piece)
    else if ((visitors > 0 || piece.awaited) && (leftMs < AHEAD_PLAN.lateMs || (!isUnsure && isOurTurn(piece, now))))
      fromRelay.push(piece)
  }
  const byNeed = (a: WantedPiece, b: WantedPiece): number => a.neededAt - b.neededAt
  const byRarity = (a: WantedPiece, b: WantedPiece): number => a.holders - b.holders || byNeed(a, b)
  return { near: near.sort(byNeed), far: far.sort(byRarity), fromRelay: fromRelay.sort(byNeed) }
}

function isOurTurn({ coming, since, turn }: WantedPiece, now: number): boolean {
  return !coming && now - since >= turn * AHEAD_PLAN.turnMs
}
