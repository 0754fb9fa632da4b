import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ValidationError } from '@blackhole/protocol'

/** A script as it is sent. */
export interface ScriptFile {
  bytes: Uint8Array<ArrayBuffer>
  etag: string
}

const NAMES = ['blackhole.js', 'blackhole-sw.js', 'blackhole-peer.js'] as const
export type ScriptName = (typeof NAMES)[number]

/**
 * Loader, worker and peer from the folder that they were built into. Kept in
 * memory, and read again when a file's time changes, so that a relay under
 * development serves what was just built.
 */
export class ScriptFiles {
  readonly #folder: string
  readonly #cache = new Map<ScriptName, { mtimeMs: number; file: ScriptFile }>()

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

  /** One of the scripts; undefined when the relay serves none. */
  async get(name: ScriptName): Promise<ScriptFile | undefined> {
    return this.#folder === '' ? undefined : this.#read(name)
  }

  async #read(name: ScriptName): Promise<ScriptFile> {
    const path = join(this.#folder, name)
    const { mtimeMs } = await stat(path)
    const cached = this.#cache.get(name)
    if (cached?.mtimeMs === mtimeMs) return cached.file
    const bytes = new Uint8Array(await readFile(path))
    const file = { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` }
    this.#cache.set(name, { mtimeMs, file })
    return file
  }
}
