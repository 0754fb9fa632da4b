import { PIECE_BYTES } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'
import { fileSlices } from '@blackhole/site'
import type { ResponsePlan } from '@blackhole/site'
import type { FetchedPiece, Piece } from '../piece-source/piece-source.ts'
import type { BodyPart } from './piece-body.ts'

/** What is needed of a piece. */
export interface PartNeed {
  /** Parts of the body before it that are not delivered yet. */
  readonly ahead: number
  /** Bytes of the piece that are used. */
  readonly bytes: number
  readonly signal: AbortSignal
}

/** Gets one piece of a response. */
export type FetchPart = (piece: Piece, need: PartNeed) => Promise<FetchedPiece>

/** The body of a plan: its parts in order, and the pieces that they need. */
export interface FileParts {
  readonly parts: readonly BodyPart[]
  /** CIDs of the pieces, in the order of their use; some may come twice. */
  readonly cids: readonly string[]
  /** The same pieces, and where else they are found. */
  readonly pieces: readonly Piece[]
  /** Bytes of all parts. */
  readonly bytes: number
}

/**
 * Lays out the body that a plan asks for.
 *
 * @param pathname - of the file on its origin, percent-encoded, with its query
 */
export function fileParts(file: ManifestFile, plan: ResponsePlan, pathname: string, fetch: FetchPart): FileParts {
  const parts: BodyPart[] = []
  const pieces: Piece[] = []
  const addRange = (start: number, end: number): void => {
    let at = start
    for (const slice of fileSlices(file, start, end)) {
      const offset = at - slice.start
      const length = Math.min(PIECE_BYTES, file.size - offset)
      const piece: Piece = { cid: slice.cid, of: { pathname, offset, length, size: file.size } }
      const bytes = slice.end - slice.start
      parts.push({
        start: slice.start,
        end: slice.end,
        fetch: (ahead, signal) => fetch(piece, { ahead, bytes, signal }),
      })
      pieces.push(piece)
      at += bytes
    }
  }
  if (plan.multipart === undefined) {
    for (const { start, end } of plan.ranges) addRange(start, end)
  } else {
    for (const { head, range } of plan.multipart.parts) {
      parts.push({ bytes: new Uint8Array(head) })
      addRange(range.start, range.end)
    }
    parts.push({ bytes: new Uint8Array(plan.multipart.tail) })
  }
  const bytes = parts.reduce((sum, part) => sum + ('bytes' in part ? part.bytes.byteLength : part.end - part.start), 0)
  return { parts, cids: pieces.map(({ cid }) => cid), pieces, bytes }
}
