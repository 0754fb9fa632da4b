/** Longest playlist that is read: a day of 4 s segments has some 1.5 MB, and one piece is all that is looked at. */
export const MAX_PLAYLIST_BYTES = 1024 * 1024

/** Segments that are read of a playlist; those after them are not known. */
export const MAX_SEGMENTS = 20_000

/** Longest segment that is believed, in seconds, and what stands for one that says nothing sensible. */
const MAX_DURATION_S = 60
const ASSUMED_DURATION_S = 6

/** Longest URI of a segment. */
const MAX_URI = 2048

/** A media segment of a playlist. */
export interface MediaSegment {
  /** Path of its URL on the playlist's origin, percent-encoded. */
  readonly pathname: string
  /** Seconds of film. */
  readonly durationS: number
  /** Its media sequence number: the same for the same moment in all qualities, as publishers make them. */
  readonly sequence: number
  /** Bytes of the file that are the segment, end exclusive; left out when all are. */
  readonly range?: { readonly start: number; readonly end: number }
}

/** A media playlist of HTTP Live Streaming. */
export interface MediaPlaylist {
  /** In the order in which they are played. */
  readonly segments: readonly MediaSegment[]
  /** No segment will be added any more: a film on demand, or a broadcast that is over. */
  readonly ended: boolean
}

/**
 * Reads a media playlist of HTTP Live Streaming (RFC 8216, section 4.3), as far as it says what is played when.
 * It never throws: it is anybody's text, and what is wrong in it is left out.
 *
 * @param base - URL of the playlist; segments on other origins are left out
 * @returns undefined when it is no media playlist: a list of qualities, or something else altogether
 */
export function readMediaPlaylist(bytes: Uint8Array, base: URL): MediaPlaylist | undefined {
  if (bytes.byteLength > MAX_PLAYLIST_BYTES) return undefined
  const lines = new TextDecoder().decode(bytes).split('\n')
  if (lines[0]?.trim() !== '#EXTM3U') return undefined
  const segments: MediaSegment[] = []
  let isMedia = false
  let ended = false
  let sequence = 0
  let durationS: number | undefined
  let range: { length: number; start: number | undefined } | undefined
  // Where a range without a start begins: behind the one before it, of the same file.
  let last = { pathname: '', end: 0 }
  for (const raw of lines.slice(1)) {
    const line = raw.trim()
    const [tag, value] = split(line)
    if (tag === '#EXT-X-STREAM-INF') return undefined
    if (tag === '#EXT-X-TARGETDURATION') isMedia = true
    else if (tag === '#EXT-X-ENDLIST') ended = true
    else if (tag === '#EXT-X-MEDIA-SEQUENCE' && segments.length === 0) sequence = count(value) ?? 0
    else if (tag === '#EXTINF') durationS = seconds(value)
    else if (tag === '#EXT-X-BYTERANGE') range = byteRange(value)
    else if (line !== '' && !line.startsWith('#') && durationS !== undefined) {
      const pathname = pathOf(line, base)
      const start = range?.start ?? (last.pathname === pathname ? last.end : 0)
      const bounds = range === undefined ? undefined : { start, end: start + range.length }
      // No file goes on for so long, and beyond it numbers are not whole any more.
      const isInFile = bounds === undefined || Number.isSafeInteger(bounds.end)
      if (pathname !== undefined && isInFile && segments.length < MAX_SEGMENTS) {
        last = { pathname, end: bounds?.end ?? 0 }
        segments.push({ pathname, durationS, sequence, ...(bounds === undefined ? {} : { range: bounds }) })
      }
      sequence += 1
      durationS = undefined
      range = undefined
    }
  }
  return isMedia ? { segments, ended } : undefined
}

/** Whether a path is a playlist's by its name. */
export function isPlaylistPath(path: string): boolean {
  return /\.m3u8?$/i.test(path)
}

/** `#TAG:VALUE` */
function split(line: string): [string, string] {
  const at = line.indexOf(':')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}

function count(text: string): number | undefined {
  const value = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}

function seconds(text: string): number {
  const value = Number.parseFloat(text)
  return value > 0 && value <= MAX_DURATION_S ? value : ASSUMED_DURATION_S
}

/** `LENGTH[@START]` */
function byteRange(text: string): { length: number; start: number | undefined } | undefined {
  const [length = '', start] = text.split('@')
  const bytes = count(length)
  if (bytes === undefined || bytes === 0) return undefined
  return { length: bytes, start: start === undefined ? undefined : count(start) }
}

function pathOf(uri: string, base: URL): string | undefined {
  if (uri.length > MAX_URI) return undefined
  const url = URL.parse(uri, base)
  return url?.origin === base.origin ? url.pathname : undefined
}
