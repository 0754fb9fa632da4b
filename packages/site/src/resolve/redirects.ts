import { BlackholeError, MAX_RULES_FILE_BYTES } from '@blackhole/protocol'
import { compilePattern } from './path-pattern.ts'
import type { PathPattern } from './path-pattern.ts'
import { shortened } from './shortened.ts'

/** Statuses of a rule, as the specification lists them. */
export type RuleStatus = 200 | 301 | 302 | 303 | 307 | 308 | 404 | 410 | 451

/** Statuses of a rule that sends the browser elsewhere. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308

/** One line of `_redirects`. */
export interface RedirectRule {
  readonly from: PathPattern
  /** Path in the site or, for redirects, a URL; with placeholders. */
  readonly to: string
  readonly status: RuleStatus
}

const STATUSES: ReadonlySet<number> = new Set<RuleStatus>([200, 301, 302, 303, 307, 308, 404, 410, 451])

/** Whether a rule of this status changes the URL in the browser. */
export function isRedirect(status: RuleStatus): status is RedirectStatus {
  return status >= 300 && status < 400
}

/**
 * Reads a `_redirects` file: `from to [status]` per line, as the IPFS Web
 * _redirects File Specification has it
 * (https://specs.ipfs.tech/http-gateways/web-redirects-file/).
 *
 * @throws {BlackholeError} `invalid` naming the line, or `limit` when it is larger than 64 KiB;
 * a gateway answers 500 with the message to what would have been looked up in it
 */
export function parseRedirects(text: string): RedirectRule[] {
  const size = new TextEncoder().encode(text).byteLength
  if (size > MAX_RULES_FILE_BYTES) {
    throw problem('limit', `redirects file size cannot exceed ${MAX_RULES_FILE_BYTES} bytes`)
  }
  const rules: RedirectRule[] = []
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((line, index) => {
      const content = line.trim()
      if (content === '' || content.startsWith('#')) return
      rules.push(parseRule(content, index + 1))
    })
  return rules
}

function parseRule(content: string, line: number): RedirectRule {
  const fail = (message: string): never => {
    throw problem('invalid', `line ${line}: ${message}`)
  }
  const fields = content.split(/\s+/)
  const [from = '', to, code = '301'] = fields
  if (to === undefined) return fail(`missing 'to' path: ${JSON.stringify(shortened(content))}`)
  if (fields.length > 3) return fail("must match format 'from to [status]'")
  if (!from.startsWith('/')) return fail("'from' path must begin with '/'")
  const star = from.indexOf('*')
  if (star !== -1 && !(star === from.length - 1 && from.endsWith('/*')))
    return fail("'from' path can only end with splat")
  if (code.endsWith('!')) return fail('forced redirects (or "shadowing") are not supported by IPFS gateways')
  const status = Number(code)
  if (!isRuleStatus(status)) return fail(`status code ${shortened(code)} is not supported`)
  if (!to.startsWith('/')) {
    const url = URL.parse(to)
    if (url === null) return fail("'to' must be a path that begins with '/', or a URL")
    // javascript: and data: would run in nobody's name
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      return fail(`'to' can't be a ${shortened(url.protocol)} URL`)
    if (!isRedirect(status)) return fail(`'to' must be a path of the site for status ${code}`)
  }
  return { from: compilePattern(from), to, status }
}

function isRuleStatus(status: number): status is RuleStatus {
  return STATUSES.has(status)
}

function problem(reason: 'invalid' | 'limit', message: string): BlackholeError {
  return new BlackholeError(reason, `could not parse _redirects: ${message}`, { subject: '_redirects' })
}
