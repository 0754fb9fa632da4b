import { BlackholeError, MAX_RULES_FILE_BYTES } from '@blackhole/protocol'
import { compilePattern, matchPattern } from '../resolve/path-pattern.ts'
import type { PathPattern } from '../resolve/path-pattern.ts'

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
 * @throws {BlackholeError} `invalid` naming the line, or `limit`
 */
export function parseHeaders(text: string): HeaderRule[] {
  const size = new TextEncoder().encode(text).byteLength
  if (size > MAX_RULES_FILE_BYTES) throw problem('limit', `the file cannot exceed ${MAX_RULES_FILE_BYTES} bytes`)
  const rules: { pattern: PathPattern; headers: (readonly [string, string | null])[] }[] = []
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, index) => {
      const fail = (message: string): never => {
        throw problem('invalid', `line ${index + 1}: ${message}`)
      }
      const content = line.trim()
      if (content === '' || content.startsWith('#')) return
      if (line.length > MAX_LINE_LENGTH) return fail(`longer than ${MAX_LINE_LENGTH} characters`)
      if (!/^\s/.test(line)) {
        if (!content.startsWith('/')) return fail('a path must begin with "/"')
        if (/\s/.test(content)) return fail('a path must be alone on its line')
        rules.push({ pattern: compilePattern(content), headers: [] })
        return
      }
      const rule = rules.at(-1)
      if (rule === undefined) return fail('a header must stand below a path')
      if (rule.headers.length >= MAX_HEADERS_PER_RULE)
        return fail(`more than ${MAX_HEADERS_PER_RULE} headers for one path`)
      rule.headers.push(parseHeaderLine(content, fail))
    })
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
      const value = match.fill(template)
      if (set.has(key)) headers.append(name, value)
      else headers.set(name, value)
      set.add(key)
    }
  }
}

function parseHeaderLine(content: string, fail: (message: string) => never): readonly [string, string | null] {
  const removal = content.startsWith('!')
  const colon = content.indexOf(':')
  if (!removal && colon === -1) return fail('must be "Name: value" or "! Name"')
  const name = (removal ? content.slice(1) : content.slice(0, colon)).trim()
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) return fail(`${JSON.stringify(name)} is not the name of a header`)
  const lower = name.toLowerCase()
  if (FORBIDDEN.has(lower) || lower.startsWith(FORBIDDEN_PREFIX)) return fail(`${name} can't be set by a site`)
  if (removal) return [name, null]
  const value = content.slice(colon + 1).trim()
  // what Headers.set accepts: bytes without control characters
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    return fail(`the value of ${name} may have no control characters and only Latin letters`)
  return [name, value]
}

function problem(reason: 'invalid' | 'limit', message: string): BlackholeError {
  return new BlackholeError(reason, `could not parse _headers: ${message}`, { subject: '_headers' })
}
