/** The link between browser and server: 20 Mbit/s each way and a round trip of 40 ms, an ordinary home connection. */
export const LINK = Object.freeze({
  downBytesPerSecond: 20_000_000 / 8,
  upBytesPerSecond: 20_000_000 / 8,
  roundTripMs: 40,
})

/** Nothing changed for this long: what a visit set off in the background is over. */
const QUIET_MS = 2_000

/** Waits until a figure changes no more. A next visit is hours later, not while the first is still at work. */
export async function untilQuiet(read: () => number | Promise<number>): Promise<void> {
  for (let before = Number.NaN, now = await read(); now !== before;) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
    before = now
    now = await read()
  }
}
