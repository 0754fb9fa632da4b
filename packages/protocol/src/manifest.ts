import { LimitError, ValidationError } from './errors.ts'
import { parseCid } from './id.ts'
import { MAX_MANIFEST_BYTES, MAX_PATH_BYTES, MAX_SITE_FILES, PIECE_BYTES } from './limits.ts'
import { MANIFEST_VERSION } from './version.ts'

/** Where the manifest lies inside the site's root directory. */
export const MANIFEST_PATH = '.blackhole/manifest.json'

/** The folder of a site that is ours: the manifest in the content, the API and the scripts on the origin. */
export const RESERVED_FOLDER = '.blackhole'

/** One file of a site. */
export interface ManifestFile {
  /** CIDv1 of the file. */
  readonly cid: string
  /** Bytes. */
  readonly size: number
  /** Content type, charset included where it applies. */
  readonly type: string
  /** CIDs of its pieces in order, each of {@link PIECE_BYTES} but the last. Left out when the file is one piece: its own CID. */
  readonly pieces?: readonly string[]
}

/** The index of a site version: `.blackhole/manifest.json`. The root CID commits to it. */
export interface Manifest {
  readonly version: typeof MANIFEST_VERSION
  /** The site's version: the sequence number of the record that points here. */
  readonly sequence: number
  /** Root CID of the version before, or null for the first. */
  readonly previous: string | null
  /** When it was published, ISO 8601. */
  readonly created: string
  /** Web origins besides the hosted ones whose visitors may join the swarm (`https://example.com`). */
  readonly origins: readonly string[]
  /** Who answers navigations on such origins: the origin's own server (default), or this site's content. */
  readonly documents: 'origin' | 'site'
  /** The owner has ended the site: workers unregister themselves and forget it. */
  readonly retired: boolean
  /**
   * A relay fetched the files from the origin by the rules of HTTP caching (a pull zone): workers tell it what else is
   * asked for. Left out where an owner published them.
   */
  readonly pulled?: true
  /** Path without leading slash, NFC, decoded -> file. Sorted by path. */
  readonly files: Readonly<Record<string, ManifestFile>>
}

/** Pieces of a file in order. */
export function piecesOf(file: ManifestFile): readonly string[] {
  return file.pieces ?? [file.cid]
}

/** All distinct pieces of a site in manifest order: the order of bitfields. */
export function allPieces(manifest: Manifest): string[] {
  const pieces = new Set<string>()
  for (const file of Object.values(manifest.files)) for (const cid of piecesOf(file)) pieces.add(cid)
  return [...pieces]
}

/** Bytes of each piece, in the order of {@link allPieces}. */
export function pieceSizes(manifest: Manifest): number[] {
  const sizes = new Map<string, number>()
  for (const file of Object.values(manifest.files)) {
    const pieces = piecesOf(file)
    for (const [index, cid] of pieces.entries()) {
      if (!sizes.has(cid)) sizes.set(cid, Math.min(PIECE_BYTES, file.size - index * PIECE_BYTES))
    }
  }
  return [...sizes.values()]
}

/** Encodes a manifest as the bytes of its file: JSON with sorted paths. */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const files = Object.fromEntries(Object.entries(manifest.files).sort(([a], [b]) => (a < b ? -1 : 1)))
  return new TextEncoder().encode(JSON.stringify({ ...manifest, files }))
}

/**
 * Reads and checks a manifest.
 *
 * @throws {ValidationError} naming the field that is wrong
 * @throws {LimitError} when it is larger than any site may be
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.byteLength > MAX_MANIFEST_BYTES)
    throw new LimitError('manifest bytes', MAX_MANIFEST_BYTES, bytes.byteLength)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new ValidationError('manifest', 'JSON in UTF-8', undefined, { cause })
  }
  const manifest = record(value, 'manifest')
  if (manifest['version'] !== MANIFEST_VERSION) {
    throw new ValidationError(
      'manifest.version',
      `${String(MANIFEST_VERSION)} (update the reader for newer ones)`,
      manifest['version'],
    )
  }
  const files: Record<string, ManifestFile> = Object.create(null) as Record<string, ManifestFile>
  const entries = Object.entries(record(manifest['files'], 'manifest.files'))
  if (entries.length > MAX_SITE_FILES) throw new LimitError('manifest files', MAX_SITE_FILES, entries.length)
  for (const [path, file] of entries) files[checkSitePath(path)] = checkFile(path, file)
  return {
    version: MANIFEST_VERSION,
    sequence: count(manifest['sequence'], 'manifest.sequence'),
    previous: manifest['previous'] === null ? null : parseCid(manifest['previous'], 'manifest.previous').toString(),
    created: text(manifest['created'], 'manifest.created'),
    origins: checkOrigins(manifest['origins']),
    documents: oneOf(manifest['documents'], ['origin', 'site'], 'manifest.documents'),
    retired: manifest['retired'] === true,
    ...(manifest['pulled'] === true ? { pulled: true } : {}),
    files,
  }
}

/**
 * Checks a path inside a site: relative, NFC, no empty, `.` or `..` part, no NUL or backslash.
 *
 * @throws {ValidationError}
 */
export function checkSitePath(path: string): string {
  const bad =
    path === '' ||
    path.startsWith('/') ||
    path.normalize('NFC') !== path ||
    /[\0\\]/.test(path) ||
    !path.isWellFormed() ||
    path.split('/').some((part) => part === '' || part === '.' || part === '..')
  if (bad) throw new ValidationError('path', 'relative, in NFC, without empty, "." or ".." parts', path)
  if (new TextEncoder().encode(path).byteLength > MAX_PATH_BYTES) {
    throw new ValidationError('path', `at most ${String(MAX_PATH_BYTES)} bytes long`, path)
  }
  return path
}

function checkFile(path: string, value: unknown): ManifestFile {
  const field = `manifest.files[${JSON.stringify(path)}]`
  const file = record(value, field)
  const cid = parseCid(file['cid'], `${field}.cid`).toString()
  const size = count(file['size'], `${field}.size`)
  const type = headerText(file['type'], `${field}.type`)
  if (file['pieces'] === undefined) {
    if (size > PIECE_BYTES) throw new ValidationError(`${field}.pieces`, 'there for a file of more than one piece')
    return { cid, size, type }
  }
  const pieces = list(file['pieces'], `${field}.pieces`).map((piece) => parseCid(piece, `${field}.pieces`).toString())
  if (pieces.length !== Math.ceil(size / PIECE_BYTES)) {
    throw new ValidationError(
      `${field}.pieces`,
      `${String(Math.ceil(size / PIECE_BYTES))} pieces for its size`,
      pieces.length,
    )
  }
  return { cid, size, type, pieces }
}

function checkOrigins(value: unknown): string[] {
  return list(value ?? [], 'manifest.origins').map((origin) => {
    const parsed = typeof origin === 'string' ? URL.parse(origin) : null
    if (parsed === null || parsed.origin !== origin)
      throw new ValidationError('manifest.origins', 'web origins such as https://example.com', origin)
    return origin
  })
}

function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ValidationError(field, 'an object', value)
  return value as Record<string, unknown>
}

function list(value: unknown, field: string): unknown[] {
  if (!Array.isArray(value)) throw new ValidationError(field, 'a list', value)
  return value as unknown[]
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length > 1000)
    throw new ValidationError(field, 'a text of at most 1000 characters', value)
  return value
}

/** A text that can be the value of a header (RFC 9110, section 5.5): a line break in it would begin another. */
function headerText(value: unknown, field: string): string {
  const read = text(value, field)
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(read))
    throw new ValidationError(field, 'without control characters, and of Latin letters only', read)
  return read
}

function count(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new ValidationError(field, 'a whole number', value)
  return value
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], field: string): T {
  if (!allowed.includes(value as T)) throw new ValidationError(field, `one of ${allowed.join(', ')}`, value)
  return value as T
}
