/**
 * Shortens an input for as long as it stays interesting, and makes its bytes plain: removes ever smaller parts
 * (delta debugging, Zeller and Hildebrandt 2002), then replaces bytes by `0`.
 *
 * @param tries - most inputs that are looked at. Default 3000
 */
export async function minimise(
  input: Uint8Array,
  isInteresting: (input: Uint8Array) => Promise<boolean>,
  tries = 3_000,
): Promise<Uint8Array> {
  let best = input
  let left = tries
  const keep = async (candidate: Uint8Array): Promise<boolean> => {
    left -= 1
    if (left < 0 || !(await isInteresting(candidate))) return false
    best = candidate
    return true
  }
  for (let size = Math.ceil(best.length / 2); size >= 1 && left > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && left > 0;) {
      const shorter = new Uint8Array([...best.subarray(0, at), ...best.subarray(at + size)])
      if (!(await keep(shorter))) at += size
    }
  }
  for (let at = 0; at < best.length && left > 0; at += 1) {
    if (best[at] === ZERO) continue
    const plainer = best.slice()
    plainer[at] = ZERO
    await keep(plainer)
  }
  return best
}

const ZERO = 0x30
