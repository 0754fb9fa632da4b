import type { HeaderLines } from './header-lines.ts'
import { linesOf } from './header-lines.ts'

/** What a Cache-Control field says: directives in lower case, each with the arguments that it was given. */
export type CacheControl = ReadonlyMap<string, readonly (string | undefined)[]>

/** The largest age that a cache has to tell from others (RFC 9111, 1.2.2). */
const MAX_SECONDS = 2 ** 31

/**
 * Reads Cache-Control: a list of names with arguments that are tokens or
 * quoted strings (RFC 9111, 5.2). What can't be read stays in as it is, so
 * that a value that is no number is seen to be none.
 */
export function parseCacheControl(headers: HeaderLines): CacheControl {
  const directives = new Map<string, (string | undefined)[]>()
  for (const line of linesOf(headers, 'cache-control')) {
    // A quoted string may hold commas and "=": names in it are no directives.
    for (const [part] of line.matchAll(/(?:"(?:[^"\\]|\\.)*"?|[^,"])+/g)) {
      const [, name = '', argument] = /^([^=]*)(?:=(.*))?$/s.exec(part.trim()) ?? []
      const key = name.trim().toLowerCase()
      if (key === '') continue
      // Blanks around "=" are not allowed, and what has them is no valid value.
      const broken = argument !== undefined && (name !== name.trimEnd() || argument !== argument.trimStart())
      const value = broken ? '' : argument === undefined ? undefined : unquoted(argument)
      directives.set(key, [...(directives.get(key) ?? []), value])
    }
  }
  return directives
}

/**
 * Seconds of a directive, the fewest when it is there more than once.
 *
 * @returns undefined when it isn't there; 0 when it is no whole number, since what can't be read is stale (RFC 9111, 4.2.1)
 */
export function secondsOf(directives: CacheControl, name: string): number | undefined {
  const values = directives.get(name)
  if (values === undefined) return undefined
  return Math.min(
    ...values.map((value) => (value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), MAX_SECONDS) : 0)),
  )
}

function unquoted(text: string): string {
  const [, inner] = /^"((?:[^"\\]|\\.)*)"$/.exec(text) ?? []
  return inner === undefined ? text : inner.replace(/\\(.)/g, '$1')
}
