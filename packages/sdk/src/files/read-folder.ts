import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BlackholeError, ValidationError, checkSitePath } from '@blackhole/protocol'
import { IGNORE_FILE, createIgnoreFilter, type SiteFile } from '@blackhole/site'

/** Options of {@link readFolder}. */
export interface ReadFolderOptions {
  readonly signal?: AbortSignal | undefined
}

/** Bytes of one read. */
const READ_BYTES = 1024 * 1024

/**
 * Lists the files of a folder as a site, without reading them. What the
 * folder's `.blackholeignore` names is left out, `node_modules` and `.git` too.
 *
 * @throws {BlackholeError} `missing` when the folder isn't there, `invalid` when it is a
 * file, has no files, or holds something that a site can't: a symbolic link
 * (it may lead out of the folder), a name that is not UTF-8, a device
 */
export async function readFolder(folder: string, options: ReadFolderOptions = {}): Promise<SiteFile[]> {
  await expectFolder(folder)
  const ignored = createIgnoreFilter(await readIgnoreFile(folder))
  const files: SiteFile[] = []
  const walk = async (prefix: string): Promise<void> => {
    options.signal?.throwIfAborted()
    const entries = await readdir(join(folder, prefix), { withFileTypes: true, encoding: 'buffer' })
    for (const entry of entries) {
      const name = decodeName(entry.name, prefix)
      const path = prefix === '' ? name : `${prefix}/${name}`
      if (ignored(path, entry.isDirectory())) continue
      if (entry.isSymbolicLink()) {
        throw new BlackholeError(
          'invalid',
          `${path} is a symbolic link, which a site can't hold; copy the file or name it in ${IGNORE_FILE}`,
          { subject: path },
        )
      }
      if (entry.isDirectory()) await walk(path)
      else if (entry.isFile()) files.push(await diskFile(folder, path))
      else
        throw new BlackholeError('invalid', `${path} is neither a file nor a folder; name it in ${IGNORE_FILE}`, {
          subject: path,
        })
    }
  }
  await walk('')
  if (files.length === 0) throw new BlackholeError('invalid', `${folder} has no files to publish`, { subject: folder })
  return files
}

async function expectFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((cause: unknown) => {
    throw new BlackholeError('missing', `${folder} is not there or can't be read`, { cause, subject: folder })
  })
  if (!found.isDirectory()) throw new BlackholeError('invalid', `${folder} is not a folder`, { subject: folder })
}

async function readIgnoreFile(folder: string): Promise<string> {
  const handle = await open(join(folder, IGNORE_FILE)).catch(() => undefined)
  if (handle === undefined) return ''
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

function decodeName(name: Uint8Array, folder: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name)
  } catch (cause) {
    const shown = `${folder === '' ? '' : `${folder}/`}${Buffer.from(name).toString('latin1')}`
    throw new BlackholeError('invalid', `The name ${JSON.stringify(shown)} is not UTF-8; rename the file`, {
      cause,
      subject: shown,
    })
  }
}

async function diskFile(folder: string, path: string): Promise<SiteFile> {
  try {
    checkSitePath(path.normalize('NFC'))
  } catch (cause) {
    throw new ValidationError('file name', 'one that a site can hold: no backslash, no NUL, 4096 bytes at most', path, {
      cause,
    })
  }
  const onDisk = join(folder, ...path.split('/'))
  const { size, mtimeMs } = await stat(onDisk)
  return { path, size, open: (start = 0, end = size) => readRange(onDisk, path, { start, end, size, mtimeMs }) }
}

interface Range {
  readonly start: number
  readonly end: number
  readonly size: number
  readonly mtimeMs: number
}

async function* readRange(
  onDisk: string,
  path: string,
  { start, end, size, mtimeMs }: Range,
): AsyncGenerator<Uint8Array> {
  const handle = await open(onDisk)
  try {
    const before = await handle.stat()
    if (before.size !== size || before.mtimeMs !== mtimeMs) throw changedError(path)
    for (let at = start; at < end;) {
      const buffer = new Uint8Array(Math.min(READ_BYTES, end - at))
      const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, at)
      if (bytesRead === 0) throw changedError(path)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    const after = await handle.stat()
    if (after.size !== size || after.mtimeMs !== mtimeMs) throw changedError(path)
  } finally {
    await handle.close()
  }
}

function changedError(path: string): BlackholeError {
  return new BlackholeError('changed', `${path} changed while it was being read; publish again`, { subject: path })
}
