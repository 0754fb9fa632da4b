/** The ETag of a file: its CID. A variant (an injected document) has one of its own. */
export function etagOf(cid: string, variant?: string): string {
  return variant === undefined ? `"${cid}"` : `"${cid}-${variant}"`
}

/** Entity tags in a list, longest that is looked at: more is a client gone wrong. */
const MAX_HEADER_LENGTH = 8192

/**
 * Whether an If-None-Match header names the ETag: weak comparison, a list, or
 * `*` (RFC 9110, 13.1.2). What is malformed names nothing.
 */
export function matchesNone(header: string | null, etag: string): boolean {
  return listed(header, (tag) => weak(tag) === weak(etag))
}

/** Whether an If-Match header names the ETag: strong comparison, a list, or `*` (RFC 9110, 13.1.1). */
export function matchesStrong(header: string | null, etag: string): boolean {
  return listed(header, (tag) => !tag.startsWith('W/') && tag === etag)
}

/** Whether an If-Range header lets a Range apply: the same strong ETag. There is no Last-Modified, so a date never does. */
export function ifRangeHolds(header: string | null, etag: string): boolean {
  return header === null || header.trim() === etag
}

function listed(header: string | null, matches: (tag: string) => boolean): boolean {
  if (header === null || header.length > MAX_HEADER_LENGTH) return false
  if (header.trim() === '*') return true
  // an entity tag may hold commas, so the list can't be split at them (RFC 9110, 8.8.3)
  const tags = header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? []
  return tags.some(matches)
}

function weak(tag: string): string {
  return tag.replace(/^W\//, '')
}
