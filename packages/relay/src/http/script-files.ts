import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { ValidationError } from '@blackhole/protocol'

/** A script as it is sent. */
export interface ScriptFile {
  bytes: Uint8Array<ArrayBuffer>
  /** Content coding of the bytes; undefined for none. */
  encoding: Encoding | undefined
  etag: string
}

/** Content codings that scripts are kept in, the smallest first. */
const ENCODINGS = ['br', 'gzip'] as const
type Encoding = (typeof ENCODINGS)[number]

/** Brotli quality: 11 would take seconds at the start for two percent less. */
const BROTLI_QUALITY = 9

const compress: Readonly<Record<Encoding, (bytes: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>>> = Object.freeze({
  br: promisify((bytes: Uint8Array, done: (error: Error | null, result: Uint8Array<ArrayBuffer>) => void) => {
    brotliCompress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }, done)
  }),
  gzip: promisify((bytes: Uint8Array, done: (error: Error | null, result: Uint8Array<ArrayBuffer>) => void) => {
    gzip(bytes, { level: 9 }, done)
  }),
})

const NAMES = ['blackhole.js', 'blackhole-sw.js', 'blackhole-sw-start.js', 'blackhole-peer.js'] as const
/** File name of a script that browsers get. */
export type ScriptName = (typeof NAMES)[number]

/**
 * Loader, worker and peer from the folder that they were built into. Kept in
 * memory, and read again when a file's time changes, so that a relay under
 * development serves what was just built.
 */
export class ScriptFiles {
  readonly #folder: string
  readonly #cache = new Map<ScriptName, { mtimeMs: number; forms: readonly ScriptFile[] }>()

  /** @param folder - empty for none */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @throws {ValidationError} naming `scripts` when the folder lacks one of them */
  async check(): Promise<void> {
    if (this.#folder === '') return
    for (const name of NAMES) {
      try {
        await this.#read(name)
      } catch (cause) {
        throw new ValidationError('scripts', `a folder with ${NAMES.join(', ')}`, this.#folder, { cause })
      }
    }
  }

  /** Whether a file name is one of the scripts. */
  isScript(name: string): name is ScriptName {
    return (NAMES as readonly string[]).includes(name)
  }

  /**
   * One of the scripts, in the smallest form that the client takes.
   *
   * @param accepts - the client's `Accept-Encoding`; a coding with `q=0` is refused
   * @returns undefined when the relay serves none
   */
  async get(name: ScriptName, accepts = ''): Promise<ScriptFile | undefined> {
    if (this.#folder === '') return undefined
    const accepted = new Set(
      accepts
        .split(',')
        .filter((coding) => !/;\s*q=0(\.0*)?\s*$/.test(coding))
        .map((coding) => coding.split(';')[0]?.trim()),
    )
    const forms = await this.#read(name)
    return forms.find(({ encoding }) => encoding === undefined || accepted.has(encoding))
  }

  /** All forms of a script, the plain one last. */
  async #read(name: ScriptName): Promise<readonly ScriptFile[]> {
    const path = join(this.#folder, name)
    const { mtimeMs } = await stat(path)
    const cached = this.#cache.get(name)
    if (cached?.mtimeMs === mtimeMs) return cached.forms
    const bytes = new Uint8Array(await readFile(path))
    const hash = createHash('sha256').update(bytes).digest('base64url')
    const forms: ScriptFile[] = await Promise.all(
      ENCODINGS.map(async (encoding) => ({
        bytes: new Uint8Array(await compress[encoding](bytes)),
        encoding,
        etag: `"${hash}.${encoding}"`,
      })),
    )
    forms.push({ bytes, encoding: undefined, etag: `"${hash}"` })
    this.#cache.set(name, { mtimeMs, forms })
    return forms
  }
}
