import {
  BlackholeError,
  LimitError,
  MANIFEST_PATH,
  MAX_SITE_FILES,
  RESERVED_FOLDER,
  checkSitePath,
} from '@blackhole/protocol'

/** A file to publish, wherever it lies: on disk, in a browser's `File`, in memory. */
export interface SiteFile {
  /** Path inside the site, parts joined by `/`, no leading slash, decoded. It is brought to NFC. */
  readonly path: string
  /** Bytes. The file is refused as `changed` when it turns out to have another size. */
  readonly size: number
  /**
   * Reads the bytes from `start` (default 0) up to, and without, `end` (default: the size).
   * Called once while importing and again for each piece that is uploaded.
   */
  open(start?: number, end?: number): AsyncIterable<Uint8Array>
}

/** A {@link SiteFile} of bytes that are in memory. */
export function memoryFile(path: string, content: Uint8Array | string): SiteFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    path,
    size: bytes.byteLength,
    async *open(start = 0, end = bytes.byteLength) {
      yield bytes.subarray(start, end)
    },
  }
}

/** A {@link SiteFile} of a browser's `File` (dropped, chosen) or any other blob. */
export function blobFile(path: string, blob: Blob): SiteFile {
  return {
    path,
    size: blob.size,
    open: (start = 0, end = blob.size) => blob.slice(start, end).stream(),
  }
}

/**
 * Collects the files of a site and checks their names: valid paths, no two that
 * are the same name, no file where a folder is, nothing in the reserved folder
 * (a manifest left there by an earlier publish is skipped).
 *
 * @returns files by path in NFC, sorted by path
 * @throws {BlackholeError} `invalid`, naming the path
 * @throws {LimitError} when there are more files than any site may have
 */
export async function collectSiteFiles(
  files: Iterable<SiteFile> | AsyncIterable<SiteFile>,
): Promise<Map<string, SiteFile>> {
  const found = new Map<string, SiteFile>()
  for await (const file of files) {
    const path = checkSitePath(file.path.normalize('NFC'))
    if (path === MANIFEST_PATH) continue
    if (path === RESERVED_FOLDER || path.startsWith(`${RESERVED_FOLDER}/`)) {
      throw invalid(path, `${path}: the folder ${RESERVED_FOLDER} is reserved; rename it or leave it out`)
    }
    if (found.has(path)) {
      throw invalid(
        path,
        `${path}: two files have this name (names that differ in Unicode normalization alone are the same)`,
      )
    }
    if (!Number.isSafeInteger(file.size) || file.size < 0)
      throw invalid(path, `${path}: its size must be a whole number, got ${String(file.size)}`)
    found.set(path, file)
    if (found.size > MAX_SITE_FILES) throw new LimitError('files of the site', MAX_SITE_FILES, found.size)
  }
  if (found.size === 0) throw invalid('files', 'There is nothing to publish: no file was found')
  for (const path of found.keys()) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at)
      if (found.has(folder)) throw invalid(folder, `${folder} is a file, and ${path} needs it to be a folder`)
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function invalid(subject: string, message: string): BlackholeError {
  return new BlackholeError('invalid', message, { subject })
}
