import type { Segment } from './piece-assembly.ts'

/** A copy of a block that did not hash to its CID, with what each peer put in. */
export interface BadCopy {
  readonly bytes: Uint8Array
  readonly segments: readonly Segment[]
}

/**
 * Finds who spoilt a copy, now that a good one is there: exactly the peers that sent a
 * byte that differs. libtorrent's `smart_ban` extension does the same by
 * hashes of blocks. Peers that sent right bytes into a bad copy are innocent.
 *
 * @param good - the verified block; a copy of another length has nothing to compare, whoever claimed that length is to blame
 */
export function guilty(bad: BadCopy, good: Uint8Array): string[] {
  const found = new Set<string>()
  if (bad.bytes.byteLength !== good.byteLength) return []
  for (const { peer, start, end } of bad.segments) {
    if (found.has(peer)) continue
    if (differs(bad.bytes, good, start, end)) found.add(peer)
  }
  return [...found]
}

function differs(a: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (a[at] !== b[at]) return true
  return false
}
