import { PIECE_BYTES, piecesOf } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'

/** Bytes `start` up to, and without, `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** A part of one piece: bytes `start` up to, and without, `end` of it. */
export interface PieceSlice extends ByteRange {
  readonly cid: string
}

/** Which pieces hold bytes `start` up to (without) `end` of a file, and which part of each. In order; none for an empty range. */
export function fileSlices(file: ManifestFile, start = 0, end = file.size): PieceSlice[] {
  const slices: PieceSlice[] = []
  const last = Math.min(end, file.size)
  const pieces = piecesOf(file)
  for (let at = Math.max(0, start); at < last;) {
    const index = Math.floor(at / PIECE_BYTES)
    const cid = pieces[index]
    if (cid === undefined) break
    const base = index * PIECE_BYTES
    const stop = Math.min(last, base + PIECE_BYTES)
    slices.push({ cid, start: at - base, end: stop - base })
    at = stop
  }
  return slices
}
