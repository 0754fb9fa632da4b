/** Most peers remembered as banned: an attacker with endless identities must not fill memory. */
const MAX_BANS = 10_000

/** Small offences that a peer may commit before it is banned: bugs and races happen, floods don't. */
export const MAX_STRIKES = 8

/** Who is not talked to any more, and who is close to it. */
export class Bans {
  readonly #banned = new Set<string>()
  readonly #strikes = new Map<string, number>()

  isBanned(peer: string): boolean {
    return this.#banned.has(peer)
  }

  ban(peer: string): void {
    this.#strikes.delete(peer)
    this.#banned.add(peer)
    if (this.#banned.size > MAX_BANS) forgetOldest(this.#banned)
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
