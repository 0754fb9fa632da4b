import { MAX_RULES_FILE_BYTES } from '@blackhole/protocol'
import { parseHeaders } from '../http/header-rules.ts'
import type { HeaderRule } from '../http/header-rules.ts'
import { parseRedirects } from './redirects.ts'
import type { RedirectRule } from './redirects.ts'

/** Files at the root of a site whose rules apply to it. */
export const RULES_FILES = { redirects: '_redirects', headers: '_headers' } as const

/** The rules of a site. */
export interface SiteRules {
  readonly redirects: readonly RedirectRule[]
  readonly headers: readonly HeaderRule[]
  /** Why `_redirects` can't be used: paths that would be looked up in it answer 500 with this. */
  readonly redirectsError?: string
  /** What of `_headers` is left out, line by line: shown when publishing. */
  readonly headersError?: string
}

/** The rules of a site that has no rules files. */
export const NO_RULES: SiteRules = Object.freeze({ redirects: [], headers: [] })

/** Lines of `_headers` that are complained about; a file of another kind has thousands. */
const MAX_PROBLEMS = 10

/** Reads the rules files of a site. Never throws: what is wrong is in the result. */
export function readSiteRules(files: {
  readonly redirects?: Uint8Array | undefined
  readonly headers?: Uint8Array | undefined
}): SiteRules {
  const redirects = attempt(files.redirects, parseRedirects)
  const problems: string[] = []
  const headers = attempt(files.headers, (text) => parseHeaders(text, ({ message }) => problems.push(message)))
  const headersError = headers.error ?? (problems.length === 0 ? undefined : problems.slice(0, MAX_PROBLEMS).join('; '))
  return {
    redirects: redirects.rules,
    headers: headers.rules,
    ...(redirects.error === undefined ? {} : { redirectsError: redirects.error }),
    ...(headersError === undefined ? {} : { headersError }),
  }
}

function attempt<T>(bytes: Uint8Array | undefined, parse: (text: string) => T[]): { rules: T[]; error?: string } {
  if (bytes === undefined) return { rules: [] }
  try {
    // what is too long may have been cut inside of a letter: its length is what is wrong with it
    const fatal = bytes.byteLength <= MAX_RULES_FILE_BYTES
    return { rules: parse(new TextDecoder('utf-8', { fatal }).decode(bytes)) }
  } catch (error) {
    return { rules: [], error: error instanceof Error ? error.message : String(error) }
  }
}
