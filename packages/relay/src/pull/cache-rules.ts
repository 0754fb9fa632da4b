import { parseCacheControl, secondsOf } from './cache-control.ts'
import { linesOf, onlyLine, tokensOf } from './header-lines.ts'
import type { HeaderLines } from './header-lines.ts'
import { parseHttpDate } from './http-date.ts'

/** An answer of the origin, without its body. */
export interface OriginHead {
  readonly status: number
  readonly headers: HeaderLines
  /** When the question was sent, milliseconds since 1970. */
  readonly askedAt: number
  /** When the answer began, milliseconds since 1970. */
  readonly answeredAt: number
}

/** Why an answer is not kept for visitors. */
export type Refusal =
  | 'status'
  | 'no-store'
  | 'private'
  | 'no-cache'
  | 'set-cookie'
  | 'vary'
  | 'content-encoding'
  | 'content-range'
  | 'document'
  | 'stale'

/** Whether an answer may be kept, and for how long it is fresh. */
export type Judgement =
  { readonly keep: true; readonly freshUntil: number } | { readonly keep: false; readonly reason: Refusal }

/** Share of the time since its last change that an answer is fresh when it doesn't say (RFC 9111, 4.2.2). */
const HEURISTIC_SHARE = 0.1

/** The longest that such a guess may last. */
const MAX_HEURISTIC_MS = 24 * 60 * 60 * 1000

/** Asked for with `Accept-Encoding: identity`, an answer that varies by it is the same for all visitors. */
const NEUTRAL_VARY = new Set(['accept-encoding'])

/**
 * Whether a shared cache may keep the answer to a GET that had neither cookies
 * nor `Authorization`, and until when it may use it (RFC 9111, 3 and 4.2).
 * Stricter in this: only a 200; nothing that sets a cookie; nothing that
 * varies by what visitors differ in; nothing that has to be asked about at
 * each use, since visitors that serve each other don't ask; no document,
 * since those are the origin's to answer.
 */
export function judgeAnswer(head: OriginHead): Judgement {
  const { status, headers } = head
  const control = parseCacheControl(headers)
  const refuse = (reason: Refusal): Judgement => ({ keep: false, reason })
  if (status !== 200) return refuse('status')
  if (control.has('no-store')) return refuse('no-store')
  if (control.has('private')) return refuse('private')
  if (control.has('no-cache')) return refuse('no-cache')
  if (linesOf(headers, 'cache-control').length === 0 && tokensOf(headers, 'pragma').includes('no-cache'))
    return refuse('no-cache')
  if (linesOf(headers, 'set-cookie').length > 0 || linesOf(headers, 'set-cookie2').length > 0)
    return refuse('set-cookie')
  if (tokensOf(headers, 'vary').some((name) => !NEUTRAL_VARY.has(name))) return refuse('vary')
  if (tokensOf(headers, 'content-encoding').some((coding) => coding !== 'identity')) return refuse('content-encoding')
  if (linesOf(headers, 'content-range').length > 0) return refuse('content-range')
  if (isDocument(onlyLine(headers, 'content-type'))) return refuse('document')
  const lifetime = lifetimeOf(head)
  const age = ageOf(head)
  if (age === undefined || age >= lifetime) return refuse('stale')
  return { keep: true, freshUntil: head.answeredAt + lifetime - age }
}

/** HTML is the origin's to answer: documents never come from a pull zone. */
function isDocument(type: string | undefined): boolean {
  return type !== undefined && /^(text\/html|application\/xhtml\+xml)\b/i.test(type)
}

/** Freshness lifetime of an answer in milliseconds, for a shared cache (RFC 9111, 4.2.1). */
export function lifetimeOf({ headers, answeredAt }: OriginHead): number {
  const control = parseCacheControl(headers)
  const seconds = secondsOf(control, 's-maxage') ?? secondsOf(control, 'max-age')
  if (seconds !== undefined) return seconds * 1000
  const date = dateOf(headers, 'date', answeredAt) ?? answeredAt
  if (linesOf(headers, 'expires').length > 0) {
    const expires = dateOf(headers, 'expires', answeredAt)
    return expires === undefined ? 0 : Math.max(0, expires - date)
  }
  const modified = dateOf(headers, 'last-modified', answeredAt)
  if (modified === undefined) return 0
  return Math.min(MAX_HEURISTIC_MS, Math.max(0, (date - modified) * HEURISTIC_SHARE))
}

/**
 * Age of an answer when it came, in milliseconds (RFC 9111, 4.2.3).
 *
 * @returns undefined when its `Age` can't be read: it is stale then
 */
export function ageOf({ headers, askedAt, answeredAt }: OriginHead): number | undefined {
  const lines = linesOf(headers, 'age')
  const value = lines[0] ?? '0'
  if (lines.length > 1 || !/^\d+$/.test(value)) return undefined
  const date = dateOf(headers, 'date', answeredAt) ?? answeredAt
  const apparent = Math.max(0, answeredAt - date)
  return Math.max(apparent, Number(value) * 1000 + (answeredAt - askedAt))
}

function dateOf(headers: HeaderLines, name: string, now: number): number | undefined {
  const line = onlyLine(headers, name)
  return line === undefined ? undefined : parseHttpDate(line, now)
}

/** Headers that ask whether the stored answer still holds (RFC 9111, 4.3.1); undefined when it has no validator. */
export function validationHeaders(stored: HeaderLines): Record<string, string> | undefined {
  const etag = onlyLine(stored, 'etag')
  const modified = onlyLine(stored, 'last-modified')
  if (etag === undefined && modified === undefined) return undefined
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(modified === undefined ? {} : { 'if-modified-since': modified }),
  }
}

/** Whether a 304 is about the stored answer: one that names another strong `ETag` is not (RFC 9111, 4.3.3). */
export function validates(stored: HeaderLines, update: HeaderLines): boolean {
  const theirs = onlyLine(update, 'etag')
  const ours = onlyLine(stored, 'etag')
  if (theirs === undefined) return true
  return ours?.replace(/^W\//, '') === theirs.replace(/^W\//, '')
}
