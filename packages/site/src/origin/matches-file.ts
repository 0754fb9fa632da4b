import { PIECE_BYTES, piecesOf } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { equals } from 'uint8arrays/equals'

/** Whether bytes that came from elsewhere are those of a published file, piece by piece. It stops at the first difference. */
export async function matchesFile(
  file: ManifestFile,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<boolean> {
  const pieces = piecesOf(file)
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, file.size))
  let filled = 0
  let index = 0
  let total = 0
  const pieceMatches = async (): Promise<boolean> => {
    const cid = pieces[index++]
    if (cid === undefined) return false
    const digest = await sha256.digest(buffer.subarray(0, filled))
    filled = 0
    return equals(digest.digest, CID.parse(cid).multihash.digest)
  }
  for await (const chunk of body) {
    total += chunk.byteLength
    if (total > file.size) return false
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + buffer.byteLength - filled)
      buffer.set(part, filled)
      filled += part.byteLength
      at += part.byteLength
      if (filled === PIECE_BYTES && !(await pieceMatches())) return false
    }
  }
  if (total !== file.size) return false
  return filled === 0 && total > 0 ? index === pieces.length : pieceMatches()
}
