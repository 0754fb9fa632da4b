import type { ByteRange } from './file-slices.ts'

/**
 * Most ranges that are answered as multipart. More, as in the "Apache killer"
 * attack (CVE-2011-3192), make a small request cost a large answer; RFC 9110
 * (14.2) lets a server ignore them.
 */
export const MAX_RANGES = 16

/** Most range specs that are looked at before the header is ignored. */
const MAX_SPECS = 200

/** Ranges that are nearer than this are one: the head of a part costs more (RFC 9110, 15.3.7.2). */
const MERGE_GAP_BYTES = 80

/** What a Range header asks for: nothing that counts (`whole`), parts, or parts that the file hasn't. */
export type RangeResult =
  | { readonly type: 'whole' }
  | { readonly type: 'partial'; readonly ranges: readonly ByteRange[] }
  | { readonly type: 'unsatisfiable' }

const WHOLE: RangeResult = { type: 'whole' }

/**
 * Reads a Range header (RFC 9110, 14.1.2) for a file of `size` bytes. What is
 * malformed, of another unit or excessive is ignored, as the RFC has it. The
 * whole of an empty file is sent whatever part is asked for, as there is no
 * Content-Range for zero bytes (Go's net/http does the same).
 */
export function parseRange(header: string | null, size: number): RangeResult {
  if (header === null || size === 0) return WHOLE
  const match = /^\s*bytes\s*=(.*)$/i.exec(header)
  if (match === null) return WHOLE
  const specs = (match[1] ?? '')
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '')
  if (specs.length === 0 || specs.length > MAX_SPECS) return WHOLE
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const parts = /^(\d{0,16})\s*-\s*(\d{0,16})$/.exec(spec)
    if (parts === null) return WHOLE
    const [, first = '', last = ''] = parts
    if (first === '' && last === '') return WHOLE
    if (first === '') {
      if (Number(last) > 0) ranges.push({ start: Math.max(0, size - Number(last)), end: size })
      continue
    }
    const start = Number(first)
    if (last !== '' && Number(last) < start) return WHOLE
    if (start < size) ranges.push({ start, end: last === '' ? size : Math.min(size, Number(last) + 1) })
  }
  if (ranges.length === 0) return { type: 'unsatisfiable' }
  const merged = mergeRanges(ranges)
  return merged.length > MAX_RANGES ? WHOLE : { type: 'partial', ranges: merged }
}

/** Joins ranges that overlap or nearly touch. Those that don't keep the order in which they were asked for. */
function mergeRanges(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const merged: ByteRange[] = []
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && range.start <= last.end + MERGE_GAP_BYTES) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) }
    } else {
      merged.push(range)
    }
  }
  return merged.length === ranges.length ? ranges : merged
}

/** A Content-Range header's value. */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`
}
