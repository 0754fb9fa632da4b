/** Header fields of an answer: names in lower case, a value for each line. */
export type HeaderLines = Readonly<Record<string, readonly string[]>>

/** Reads Node's raw headers, name and value in turn. */
export function headerLines(raw: readonly string[]): HeaderLines {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    ;(headers[name] ??= []).push((raw[at + 1] ?? '').trim())
  }
  return headers
}

/** Lines of a field; none when it isn't there. */
export function linesOf(headers: HeaderLines, name: string): readonly string[] {
  return Object.hasOwn(headers, name) ? (headers[name] ?? []) : []
}

/** The value of a field that may be there once; undefined when it isn't there, or more often. */
export function onlyLine(headers: HeaderLines, name: string): string | undefined {
  const lines = linesOf(headers, name)
  return lines.length === 1 ? lines[0] : undefined
}

/** Members of a comma-separated list of tokens, in lower case. */
export function tokensOf(headers: HeaderLines, name: string): string[] {
  return linesOf(headers, name)
    .flatMap((line) => line.split(','))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '')
}

/** Fields that a 304 never replaces: they say how the stored body was sent, or belong to the connection (RFC 9111, 3.2). */
const KEPT = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'etag',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The stored fields with those of a 304 (RFC 9111, 3.2). `Age` and `Date` are
 * of the newer answer even when it lacks them: the older ones tell a wrong age.
 */
export function updatedHeaders(stored: HeaderLines, update: HeaderLines): HeaderLines {
  const kept = Object.entries(stored).filter(([name]) => name !== 'age' && name !== 'date')
  const replaced = Object.entries(update).filter(([name]) => !KEPT.has(name))
  return Object.fromEntries([...kept, ...replaced])
}
