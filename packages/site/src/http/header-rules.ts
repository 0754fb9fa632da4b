import { BlackholeError, MAX_RULES_FILE_BYTES } from '@blackhole/protocol'
import { compilePattern, matchPattern } from '../resolve/path-pattern.ts'
import type { PathPattern } from '../resolve/path-pattern.ts'
import { shortened } from '../resolve/shortened.ts'

/** One block of `_headers`: a path pattern and what it does to the headers. */
export interface HeaderRule {
  readonly pattern: PathPattern
  /** Name and value; the value is null where the header is to be removed (`! Name`). */
  readonly headers: readonly (readonly [name: string, value: string | null])[]
}

/** Headers of one block, and the length of a line: bounds what every response carries. Cloudflare's limits. */
const MAX_HEADERS_PER_RULE = 100
const MAX_LINE_LENGTH = 2000

/**
 * Headers that a site can't set: those between hops (RFC 9110, 7.6.1), those
 * that say where a body ends or how it is coded (the bytes are sent as
 * published), cookies, and those that we answer for.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'accept-ranges',
  'age',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'date',
  'etag',
  'keep-alive',
  'last-modified',
  'location',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'server-timing',
  'set-cookie',
  'set-cookie2',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const FORBIDDEN_PREFIX = 'x-blackhole-'

/**
 * Reads a `_headers` file in the format that Netlify and Cloudflare share:
 * a line with a path pattern, then indented `Name: value` and `! Name` lines.
 *
 * @param onProblem - told each line that is wrong, which is then left out: one bad line must not take a
 * site's security headers away. Default: throw at the first
 * @throws {BlackholeError} `invalid` naming the line, or `limit`
 */
export function parseHeaders(text: string, onProblem?: (problem: BlackholeError) => void): HeaderRule[] {
  const size = new TextEncoder().encode(text).byteLength
  if (size > MAX_RULES_FILE_BYTES) throw problem('limit', `the file cannot exceed ${MAX_RULES_FILE_BYTES} bytes`)
  const rules: OpenRule[] = []
  // the block that header lines belong to; one whose path is wrong takes them in and is dropped
  let rule: OpenRule | undefined
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    const content = line.trim()
    if (content === '' || content.startsWith('#')) continue
    const isPath = !/^\s/.test(line)
    if (isPath) rule = { pattern: compilePattern(content), headers: [] }
    try {
      if (line.length > MAX_LINE_LENGTH) throw new LineError(`longer than ${MAX_LINE_LENGTH} characters`)
      if (rule === undefined) throw new LineError('a header must stand below a path')
      if (isPath) {
        checkPath(content)
        rules.push(rule)
      } else {
        if (rule.headers.length >= MAX_HEADERS_PER_RULE) {
          throw new LineError(`more than ${MAX_HEADERS_PER_RULE} headers for one path`)
        }
        rule.headers.push(parseHeaderLine(content))
      }
    } catch (error) {
      if (!(error instanceof LineError)) throw error
      const found = problem('invalid', `line ${index + 1}: ${error.message}`)
      if (onProblem === undefined) throw found
      onProblem(found)
    }
  }
  return rules
}

/** Applies the rules that match the path, in order; a header set by several is joined by commas. */
export function applyHeaderRules(headers: Headers, rules: readonly HeaderRule[], pathname: string): void {
  const set = new Set<string>()
  for (const rule of rules) {
    const match = matchPattern(rule.pattern, pathname)
    if (match === undefined) continue
    for (const [name, template] of rule.headers) {
      const key = name.toLowerCase()
      if (template === null) {
        headers.delete(name)
        set.delete(key)
        continue
      }
      const value = visible(match.fill(template))
      if (set.has(key)) headers.append(name, value)
      else headers.set(name, value)
      set.add(key)
    }
  }
}

interface OpenRule {
  readonly pattern: PathPattern
  readonly headers: (readonly [name: string, value: string | null])[]
}

/** What is wrong with a line. */
class LineError extends Error {}

function checkPath(content: string): void {
  if (!content.startsWith('/')) throw new LineError('a path must begin with "/"')
  if (/\s/.test(content)) throw new LineError('a path must be alone on its line')
}

function parseHeaderLine(content: string): readonly [string, string | null] {
  const removal = content.startsWith('!')
  const colon = content.indexOf(':')
  if (!removal && colon === -1) throw new LineError('must be "Name: value" or "! Name"')
  const name = (removal ? content.slice(1) : content.slice(0, colon)).trim()
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) {
    throw new LineError(`${JSON.stringify(shortened(name))} is not the name of a header`)
  }
  const lower = name.toLowerCase()
  if (FORBIDDEN.has(lower) || lower.startsWith(FORBIDDEN_PREFIX))
    throw new LineError(`${shortened(name)} can't be set by a site`)
  if (removal) return [name, null]
  const value = content.slice(colon + 1).trim()
  // what Headers.set accepts: bytes without control characters
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new LineError(`the value of ${shortened(name)} may have no control characters and only Latin letters`)
  }
  return [name, value]
}

/** What came from the URL can't break a header either. */
function visible(value: string): string {
  return value.toWellFormed().replace(/[^\t\x20-\x7e\x80-\xff]+/g, encodeURIComponent)
}

function problem(reason: 'invalid' | 'limit', message: string): BlackholeError {
  return new BlackholeError(reason, `could not parse _headers: ${message}`, { subject: '_headers' })
}
