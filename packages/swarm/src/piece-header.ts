import { LimitError, MAX_CDN_MESSAGE_BYTES, ValidationError } from '@blackhole/protocol'
import { DATA_TAG, ID_TAG, OFFSET_TAG, PIECE_TAG, SIZE_TAG } from './frame-writer.ts'

/** A `Piece` message without its data. */
export interface PieceHeader {
  readonly id: number
  readonly offset: number
  /** Bytes of the whole block. */
  readonly size: number
  /** Bytes of data that follow. */
  readonly length: number
}

/** The beginning of a frame: either a piece, whose data can be passed on as it comes, or any message, to be read whole. */
export type FrameHead =
  | { readonly kind: 'piece'; readonly bytes: number; readonly piece: PieceHeader }
  | { readonly kind: 'message'; readonly bytes: number; readonly length: number }

/** A varint and where it ends; undefined when the bytes end first. */
interface Varint {
  readonly value: number
  readonly end: number
}

/**
 * Reads the beginning of a frame.
 *
 * @param bytes - what there is of the frame; `head.bytes` of it are the head
 * @param isAll - no more than these bytes will be looked at: decide
 * @returns undefined when more bytes are needed
 * @throws {LimitError} when the frame is longer than any message may be, before any of it is kept
 */
export function parseFrameHead(bytes: Uint8Array, isAll: boolean): FrameHead | undefined {
  const prefix = readVarint(bytes, 0)
  if (prefix === undefined) {
    if (bytes.length >= 5) throw new ValidationError('frame length', 'a varint of at most 4 bytes')
    return undefined
  }
  if (prefix.value > MAX_CDN_MESSAGE_BYTES)
    throw new LimitError('cdn message bytes', MAX_CDN_MESSAGE_BYTES, prefix.value)
  const message: FrameHead = { kind: 'message', bytes: prefix.end, length: prefix.value }
  const end = prefix.end + prefix.value
  const tag = bytes[prefix.end]
  if (prefix.value === 0 || (tag !== undefined && tag !== PIECE_TAG)) return message
  const piece = tag === undefined ? undefined : readPiece(bytes, prefix.end + 1, end)
  if (piece !== undefined) return piece
  return isAll || bytes.length >= end ? message : undefined
}

/** Reads a piece whose data is its last field, as ours are; undefined when it is another or not all there. */
function readPiece(bytes: Uint8Array, start: number, end: number): FrameHead | undefined {
  const inner = readVarint(bytes, start)
  if (inner === undefined || inner.end + inner.value !== end) return undefined
  const piece = { id: 0, offset: 0, size: 0 }
  let at = inner.end
  while (at < end) {
    const tag = bytes[at]
    const field = readVarint(bytes, at + 1)
    if (field === undefined || field.end > end) return undefined
    at = field.end
    if (tag === ID_TAG) piece.id = field.value
    else if (tag === OFFSET_TAG) piece.offset = field.value
    else if (tag === SIZE_TAG) piece.size = field.value
    else if (tag === DATA_TAG && at + field.value === end)
      return { kind: 'piece', bytes: at, piece: { ...piece, length: field.value } }
    else return undefined
  }
  return { kind: 'piece', bytes: at, piece: { ...piece, length: 0 } }
}

/** Reads an unsigned varint of at most 5 bytes, what a uint32 takes. */
function readVarint(bytes: Uint8Array, start: number): Varint | undefined {
  let value = 0
  for (let at = start; at < start + 5; at += 1) {
    const byte = bytes[at]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * (at - start))
    if (byte < 0x80) return { value, end: at + 1 }
  }
  return undefined
}
