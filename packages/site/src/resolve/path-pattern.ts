/** A compiled path pattern: segments, of which some are placeholders, and perhaps a splat. */
export interface PathPattern {
  /** As it was written. */
  readonly source: string
  readonly segments: readonly PatternSegment[]
  /** It ends in `/*`: the rest of the path is `:splat`. */
  readonly splat: boolean
}

type PatternSegment =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'placeholder'; readonly name: string }
  /** A `*` inside of a segment, in `_headers` (`/*.js`): any run of characters. */
  | { readonly type: 'glob'; readonly before: string; readonly after: string }

/** A match: what placeholders and splat stand for. */
export interface PatternMatch {
  /** Puts the values into `:name` and `:splat` of a text. They are percent-encoded, as they were in the URL. */
  fill(template: string): string
}

const PLACEHOLDER = /^:([A-Za-z]\w*)$/

/** Compiles a pattern that begins with `/`. A trailing slash counts for nothing. */
export function compilePattern(source: string): PathPattern {
  const parts = splitPath(source)
  const splat = parts.at(-1) === '*'
  if (splat) parts.pop()
  return { source, segments: parts.map(compileSegment), splat }
}

/**
 * Matches a percent-encoded path. Segments are compared decoded, so that it
 * doesn't matter which way either side is written; a path with a broken
 * escape matches as it is.
 */
export function matchPattern(pattern: PathPattern, pathname: string): PatternMatch | undefined {
  const parts = splitPath(pathname)
  const { segments, splat } = pattern
  if (splat ? parts.length < segments.length : parts.length !== segments.length) return undefined
  const values = new Map<string, string>()
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? ''
    if (segment.type === 'placeholder') {
      if (part === '') return undefined
      values.set(segment.name, part)
    } else if (segment.type === 'glob') {
      const text = decoded(part)
      const { before, after } = segment
      if (text.length < before.length + after.length || !text.startsWith(before) || !text.endsWith(after))
        return undefined
      values.set('splat', encodeURIComponent(text.slice(before.length, text.length - after.length)))
    } else if (decoded(part) !== segment.text) {
      return undefined
    }
  }
  if (splat) {
    // the splat keeps a trailing slash
    const rest = parts.slice(segments.length).join('/')
    values.set('splat', rest !== '' && pathname.endsWith('/') ? `${rest}/` : rest)
  }
  return {
    fill: (template) => template.replace(/:([A-Za-z]\w*)/g, (written, name: string) => values.get(name) ?? written),
  }
}

function compileSegment(part: string): PatternSegment {
  const placeholder = PLACEHOLDER.exec(part)?.[1]
  if (placeholder !== undefined) return { type: 'placeholder', name: placeholder }
  const star = part.indexOf('*')
  if (star === -1) return { type: 'text', text: decoded(part) }
  return { type: 'glob', before: decoded(part.slice(0, star)), after: decoded(part.slice(star + 1)) }
}

/** Segments without the leading and a trailing slash. */
function splitPath(path: string): string[] {
  const inner = path.replace(/^\//, '').replace(/\/$/, '')
  return inner === '' ? [] : inner.split('/')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part).normalize('NFC')
  } catch {
    return part
  }
}
