import type { ManifestFile } from '@blackhole/protocol'
import { etagOf, ifRangeHolds, matchesNone, matchesStrong } from './conditional.ts'
import type { ByteRange } from './file-slices.ts'
import { applyHeaderRules } from './header-rules.ts'
import type { HeaderRule } from './header-rules.ts'
import { planMultipart } from './multipart.ts'
import type { MultipartPlan } from './multipart.ts'
import { contentRange, parseRange } from './ranges.ts'

/**
 * Cache-Control of everything under a site's name. Documents and what they
 * need are asked about again each time (the ETag makes that a 304): a page
 * must never be put together from two versions.
 */
export const REVALIDATE = 'public, max-age=0, must-revalidate'

/** Cache-Control under `/ipfs/`, where content never changes (path gateway specification). */
export const IMMUTABLE = 'public, max-age=29030400, immutable'

/** Ask for {@link planResponse}. */
export interface ResponseInput {
  readonly file: ManifestFile
  /** Path of the URL as it was asked for, percent-encoded: what `_headers` patterns match. */
  readonly pathname: string
  readonly request: {
    readonly method: string
    readonly headers: { get(name: string): string | null }
  }
  /** Status of the resolution. Conditions and ranges apply to 200 only. Default 200. */
  readonly status?: number | undefined
  /** Rules of the site's `_headers`. Default none. */
  readonly rules?: readonly HeaderRule[] | undefined
  /** The URL names the content itself (`/ipfs/CID`). Default false. */
  readonly immutable?: boolean | undefined
  /**
   * The body is changed on its way (the loader tag is added), in a way with this name:
   * it gets another ETag, no length and no ranges. Default: the body is the file.
   */
  readonly variant?: string | undefined
}

/** What to answer. */
export interface ResponsePlan {
  readonly status: number
  readonly headers: Headers
  /** The parts of the file that make up the body, in order: none for HEAD, 304 and errors, one, or several with `multipart`. */
  readonly ranges: readonly ByteRange[]
  /** How several ranges are put together. */
  readonly multipart?: MultipartPlan
}

/**
 * Decides status, headers and body of a response for a file, as RFC 9110 has
 * it: methods, preconditions in their order, ranges, HEAD.
 */
export function planResponse(input: ResponseInput): ResponsePlan {
  const { file, request, status = 200, variant } = input
  const head = request.method === 'HEAD'
  if (!head && request.method !== 'GET') {
    return { status: 405, headers: new Headers({ Allow: 'GET, HEAD', 'Content-Length': '0' }), ranges: [] }
  }
  const etag = etagOf(file.cid, variant)
  const headers = new Headers({
    'Content-Type': file.type,
    'Cache-Control': input.immutable === true ? IMMUTABLE : REVALIDATE,
  })
  applyHeaderRules(headers, input.rules ?? [], input.pathname)
  headers.set('ETag', etag)

  const ask = (name: string): string | null => (status === 200 ? request.headers.get(name) : null)
  if (ask('If-Match') !== null && !matchesStrong(ask('If-Match'), etag)) return empty(412, headers)
  if (matchesNone(ask('If-None-Match'), etag)) return notModified(headers)
  if (variant !== undefined) return { status, headers, ranges: head ? [] : whole(file) }

  headers.set('Accept-Ranges', 'bytes')
  // Range is defined for GET only (RFC 9110, 14.2)
  const ranged = !head && ifRangeHolds(ask('If-Range'), etag)
  const range = parseRange(ranged ? ask('Range') : null, file.size)
  if (range.type === 'unsatisfiable') {
    headers.set('Content-Range', `bytes */${file.size}`)
    return empty(416, headers)
  }
  if (range.type === 'whole') {
    headers.set('Content-Length', String(file.size))
    return { status, headers, ranges: head ? [] : whole(file) }
  }
  const { ranges } = range
  const [first] = ranges
  if (ranges.length === 1 && first !== undefined) {
    headers.set('Content-Range', contentRange(first, file.size))
    headers.set('Content-Length', String(first.end - first.start))
    return { status: 206, headers, ranges }
  }
  const multipart = planMultipart(ranges, file.size, headers.get('Content-Type') ?? file.type, file.cid)
  headers.set('Content-Type', multipart.type)
  headers.set('Content-Length', String(multipart.length))
  return { status: 206, headers, ranges, multipart }
}

function whole(file: ManifestFile): ByteRange[] {
  return file.size === 0 ? [] : [{ start: 0, end: file.size }]
}

/** An answer without content keeps no headers about content. */
function empty(status: number, headers: Headers): ResponsePlan {
  headers.delete('Content-Type')
  headers.set('Content-Length', '0')
  return { status, headers, ranges: [] }
}

/** A 304 repeats what would be in the 200 and what caches need (RFC 9110, 15.4.5), not what describes a body. */
function notModified(headers: Headers): ResponsePlan {
  headers.delete('Content-Type')
  return { status: 304, headers, ranges: [] }
}
