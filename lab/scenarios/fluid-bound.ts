/** A link in bytes per second. */
export interface Rates {
  readonly up: number
  readonly down: number
}

/** A visitor, and when they came, in seconds after the first. */
export interface Arrival extends Rates {
  readonly at: number
}

/**
 * The shortest time in which everyone can have everything, whoever sends it
 * to whom, when data flows like a fluid: max(F/u_s, F/d_i, N·F/(u_s + Σu_i))
 * of Kumar and Ross ("Peer-Assisted File Distribution", 2006), with visitors
 * who come one after another: nobody is done before they came and their own
 * line has carried F, and nobody sends before they came.
 *
 * @param bytes - F
 * @returns seconds from the first arrival to the last whole file
 */
export function fluidBound(bytes: number, server: Pick<Rates, 'up'>, visitors: readonly Arrival[]): number {
  const serverAlone = bytes / server.up
  const ownLines = visitors.map(({ at, down }) => at + bytes / down)
  return Math.max(serverAlone, ...ownLines, together(visitors.length * bytes, server.up, visitors))
}

/** When all lines up have carried this many bytes, those who come later from then on. */
function together(total: number, serverUp: number, visitors: readonly Arrival[]): number {
  const byArrival = [...visitors].sort((a, b) => a.at - b.at)
  let sent = 0
  let time = 0
  let rate = serverUp
  for (const { at, up } of byArrival) {
    const until = sent + rate * (at - time)
    if (until >= total) break
    sent = until
    time = at
    rate += up
  }
  return time + (total - sent) / rate
}
