/** Most peers remembered as banned: an attacker with endless identities must not fill memory. */
const MAX_BANS = 10_000

/** Small offences that a peer may commit before it is banned: bugs and races happen, floods don't. */
export const MAX_STRIKES = 8

/** The first time out; it doubles with each further one, up to the most. */
export const TIME_OUT_MS = 60_000
export const MAX_TIME_OUT_MS = 60 * 60_000

/** So long after its end a time out is forgotten. */
const FORGET_MS = 60 * 60_000

interface TimeOuts {
  count: number
  until: number
}

/**
 * Who is not talked to any more, or not for a while, and who is close to it.
 *
 * Wrong bytes can't be sent by mistake, so that ban is for good. Who stalls or lacks what it announced may be a frozen
 * tab, a store that the browser emptied, a line that broke: it comes back after a time out.
 */
export class Bans {
  readonly #banned = new Set<string>()
  readonly #timeOuts = new Map<string, TimeOuts>()
  readonly #strikes = new Map<string, number>()

  /** @param now - milliseconds */
  isBanned(peer: string, now: number): boolean {
    return this.#banned.has(peer) || (this.#timeOuts.get(peer)?.until ?? -Infinity) > now
  }

  isBannedForGood(peer: string): boolean {
    return this.#banned.has(peer)
  }

  ban(peer: string): void {
    this.#strikes.delete(peer)
    this.#banned.add(peer)
    if (this.#banned.size > MAX_BANS) forgetOldest(this.#banned)
  }

  /**
   * Sends a peer away for a while.
   *
   * @param now - milliseconds
   * @returns for how long, in milliseconds
   */
  timeOut(peer: string, now: number): number {
    const before = this.#timeOuts.get(peer)
    const count = before === undefined || now - before.until > FORGET_MS ? 0 : before.count
    const ms = Math.min(MAX_TIME_OUT_MS, TIME_OUT_MS * 2 ** count)
    this.#timeOuts.delete(peer)
    this.#timeOuts.set(peer, { count: count + 1, until: now + ms })
    if (this.#timeOuts.size > MAX_BANS) forgetOldest(this.#timeOuts)
    return ms
  }

  /**
   * Counts an offence that may be a mistake: a range that can't be, a bitfield of the wrong length.
   *
   * @returns whether it was one too many
   */
  strike(peer: string): boolean {
    const strikes = (this.#strikes.get(peer) ?? 0) + 1
    this.#strikes.set(peer, strikes)
    if (this.#strikes.size > MAX_BANS) forgetOldest(this.#strikes)
    return strikes >= MAX_STRIKES
  }
}

/** Sets and maps iterate in the order of insertion. */
function forgetOldest(known: Set<string> | Map<string, unknown>): void {
  for (const oldest of known.keys()) {
    known.delete(oldest)
    return
  }
}
