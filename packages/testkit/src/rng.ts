/**
 * A reproducible replacement for `Math.random`: mulberry32, a 32-bit generator
 * by Tommy Ettinger (public domain). Good enough to shuffle and to choose, not for secrets.
 *
 * @param seed - the same seed gives the same numbers
 * @returns a function with numbers from 0 up to, not including, 1
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Bytes that no compressor shortens and that the same seed gives again. */
export function seededBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed)
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) bytes[index] = random() * 256
  return bytes
}
