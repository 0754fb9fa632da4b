import { open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BlackholeError } from '@blackhole/protocol'
import { exportSiteKey, importSiteKey, type PassphraseOptions, type SiteKey } from '../keys/site-key.ts'
import { makeFolder } from './make-folder.ts'

/** Who owns the file, and nobody else, may read and write it. */
const PRIVATE_MODE = 0o600

/** What to do where a key can't be kept. */
const ELSEWHERE = 'Give the path of a key file elsewhere, or set BLACKHOLE_HOME to a folder that you can write'

/** Options of {@link readKeyFile}. */
export interface ReadKeyFileOptions extends PassphraseOptions {
  /** Called with what its owner should know, such as a file that others can read. */
  readonly onWarning?: ((message: string) => void) | undefined
}

/**
 * Reads a site's key from a file.
 *
 * @throws {BlackholeError} `missing` when there is no such file, `forbidden` when the passphrase is missing or wrong
 * @throws {ValidationError} when the file holds no key
 */
export async function readKeyFile(path: string, options: ReadKeyFileOptions = {}): Promise<SiteKey> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new BlackholeError('missing', `The key file ${path} is not there or can't be read`, { cause, subject: path })
  })
  const { mode } = await stat(path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    options.onWarning?.(`Others can read the key file ${path}; run: chmod 600 ${path}`)
  }
  return await importSiteKey(text, options)
}

/**
 * Writes a key to a new file that only its owner can read. An existing file is
 * never overwritten: a lost key is a lost site.
 *
 * @throws {BlackholeError} `conflict` when the file exists, `unavailable` when it or its folder can't be made
 */
export async function writeKeyFile(path: string, key: SiteKey, options: PassphraseOptions = {}): Promise<void> {
  const text = await exportSiteKey(key, options)
  await makeFolder(dirname(path), { mode: 0o700 }).catch((cause: unknown) => {
    throw new BlackholeError('unavailable', `The folder ${dirname(path)} can't be made. ${ELSEWHERE}`, {
      cause,
      subject: path,
    })
  })
  const handle = await open(path, 'wx', PRIVATE_MODE).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new BlackholeError('unavailable', `The key file ${path} can't be written. ${ELSEWHERE}`, {
        cause,
        subject: path,
      })
    throw new BlackholeError('conflict', `${path} exists already, and a key file is never overwritten`, {
      cause,
      subject: path,
    })
  })
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
