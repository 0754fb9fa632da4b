/**
 * Whose turn it is to fetch a piece that nobody has yet: rendezvous hashing (Thaler and Ravishankar, "Using Name-Based
 * Mappings to Increase Hit Rates", IEEE/ACM ToN 6(1), 1998). All who know the same peers find the same order without a
 * word, another one for each piece.
 *
 * @returns how many of the others come first: 0 when it is our turn
 */
export function turnOf(self: string, others: Iterable<string>, cid: string): number {
  const own = weight(self, cid)
  let before = 0
  for (const other of others) {
    const theirs = weight(other, cid)
    if (theirs > own || (theirs === own && other > self)) before += 1
  }
  return before
}

/** FNV-1a of 32 bits, with the final mix of MurmurHash3: it only has to be the same for everyone, and spread. */
function weight(peer: string, cid: string): number {
  let hash = 0x811c9dc5
  const text = `${peer} ${cid}`
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
