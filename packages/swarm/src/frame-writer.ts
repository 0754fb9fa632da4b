import { CdnMessage } from '@blackhole/protocol'

/** Field `piece` (6) of `CdnMessage` as a protobuf tag, length-delimited. */
export const PIECE_TAG = 0x32
/** Fields of `Piece` as protobuf tags: id (1), offset (2), size (3), data (4). */
export const ID_TAG = 0x08
export const OFFSET_TAG = 0x10
export const SIZE_TAG = 0x18
export const DATA_TAG = 0x22

/** Most bytes that a piece's header takes: two lengths, five tags, four numbers. */
export const MAX_PIECE_HEADER_BYTES = 40

/** A message in its frame: length as a varint, then the message. */
export function encodeFrame(message: Partial<CdnMessage>): Uint8Array<ArrayBuffer> {
  const body = CdnMessage.encode(message)
  const frame = new Uint8Array(varintLength(body.byteLength) + body.byteLength)
  frame.set(body, writeVarint(frame, 0, body.byteLength))
  return frame
}

/**
 * Frame of a `Piece` message up to its data. The data is the last field, so that
 * it can follow on the wire uncopied.
 */
export function encodePieceHeader(piece: {
  id: number
  offset: number
  size: number
  length: number
}): Uint8Array<ArrayBuffer> {
  const { id, offset, size, length } = piece
  const fields = 4 + varintLength(id) + varintLength(offset) + varintLength(size) + varintLength(length)
  const inner = fields + length
  const outer = 1 + varintLength(inner) + inner
  const header = new Uint8Array(varintLength(outer) + outer - length)
  let at = writeVarint(header, 0, outer)
  const put = (tag: number, value: number): void => {
    header[at] = tag
    at = writeVarint(header, at + 1, value)
  }
  put(PIECE_TAG, inner)
  put(ID_TAG, id)
  put(OFFSET_TAG, offset)
  put(SIZE_TAG, size)
  put(DATA_TAG, length)
  return header
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1
  return length
}

/** @returns where the next byte goes */
function writeVarint(into: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    into[at] = (rest & 0x7f) | 0x80
    at += 1
  }
  into[at] = rest
  return at + 1
}
