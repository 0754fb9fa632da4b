import { MAX_RULES_FILE_BYTES } from '@blackhole/protocol'
import { pathnameOf } from './asset-path.ts'
import { linesOf } from './header-lines.ts'
import type { HeaderLines } from './header-lines.ts'

/** Header fields of an asset that change what a browser does with it: they reach visitors through the site's `_headers`. */
const CARRIED = [
  'access-control-allow-origin',
  'content-disposition',
  'content-language',
  'content-security-policy',
  'cross-origin-embedder-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'sourcemap',
  'timing-allow-origin',
  'x-content-type-options',
] as const

/** Longest line of `_headers`, its name not counted. */
const MAX_VALUE_LENGTH = 1_900

/** What the assets' headers come to. */
export interface CarriedHeaders {
  /** Content of `_headers`; empty when there is nothing to say. */
  readonly text: string
  /** Paths whose headers can't be said there: an asset without them would be another. */
  readonly leftOut: ReadonlySet<string>
}

/** Writes the `_headers` of assets, in the order of their paths, up to the size that such a file may have. */
export function carriedHeaders(assets: Iterable<readonly [path: string, headers: HeaderLines]>): CarriedHeaders {
  const parts: string[] = []
  const leftOut = new Set<string>()
  let bytes = 0
  for (const [path, headers] of assets) {
    const lines = CARRIED.flatMap((name) => linesOf(headers, name).map((value) => [name, value] as const))
    if (lines.length === 0) continue
    // A colon before a name stands for a part of the path in `_headers`, and no path here has one.
    const text = `${pathnameOf(path)}\n${lines.map(([name, value]) => `  ${name}: ${value}\n`).join('')}`
    const sayable = lines.every(([, value]) => value.length <= MAX_VALUE_LENGTH && /^[\t\x20-\x7e]*$/.test(value))
    const size = Buffer.byteLength(text)
    if (!sayable || bytes + size > MAX_RULES_FILE_BYTES) {
      leftOut.add(path)
      continue
    }
    bytes += size
    parts.push(text)
  }
  return { text: parts.join(''), leftOut }
}
