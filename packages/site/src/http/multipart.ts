import type { ByteRange } from './file-slices.ts'
import { contentRange } from './ranges.ts'

/** One part of a `multipart/byteranges` body: these bytes, then those of the range. */
export interface MultipartPart {
  readonly head: Uint8Array<ArrayBuffer>
  readonly range: ByteRange
}

/** A `multipart/byteranges` body: the parts, then the tail. */
export interface MultipartPlan {
  readonly type: string
  readonly parts: readonly MultipartPart[]
  readonly tail: Uint8Array<ArrayBuffer>
  /** Bytes of the whole body. */
  readonly length: number
}

/**
 * Plans a `multipart/byteranges` body (RFC 9110, 14.6). The boundary is the
 * file's CID: content can't hold the hash of itself.
 */
export function planMultipart(ranges: readonly ByteRange[], size: number, type: string, cid: string): MultipartPlan {
  const encoder = new TextEncoder()
  const parts = ranges.map((range, index) => ({
    head: encoder.encode(
      `${index === 0 ? '' : '\r\n'}--${cid}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`,
    ),
    range,
  }))
  const tail = encoder.encode(`\r\n--${cid}--\r\n`)
  const length = parts.reduce(
    (sum, { head, range }) => sum + head.byteLength + range.end - range.start,
    tail.byteLength,
  )
  return { type: `multipart/byteranges; boundary=${cid}`, parts, tail, length }
}
