/** The link between browser and server: 20 Mbit/s each way and a round trip of 40 ms, an ordinary home connection. */
export const LINK = Object.freeze({
  downBytesPerSecond: 20_000_000 / 8,
  upBytesPerSecond: 20_000_000 / 8,
  roundTripMs: 40,
})
