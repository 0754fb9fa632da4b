import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { BlackholeError, ValidationError, type SiteName } from '@blackhole/protocol'
import { createSiteKey, isEncryptedKey, type PassphraseOptions, type SiteKey } from '../keys/site-key.ts'
import { readKeyFile, writeKeyFile, type ReadKeyFileOptions } from './key-file.ts'

const SUFFIX = '.pem'

/** A key in a {@link KeyFolder}. */
export interface KeyEntry {
  readonly label: string
  readonly path: string
  readonly encrypted: boolean
  /** Left out when the key is encrypted or can't be read. */
  readonly name?: SiteName
}

/** Where keys lie unless told otherwise: `$BLACKHOLE_HOME/keys`, else `~/.blackhole/keys`. */
export function defaultKeyFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(environment['BLACKHOLE_HOME'] ?? join(homedir(), '.blackhole'), 'keys')
}

/** A folder of key files, one per site, each with a label such as `blog`. */
export class KeyFolder {
  readonly folder: string

  constructor(folder: string = defaultKeyFolder()) {
    this.folder = folder
  }

  /** @throws {ValidationError} when a label could name a file elsewhere */
  pathOf(label: string): string {
    if (!isLabel(label)) {
      throw new ValidationError('key label', '1 to 64 letters, digits, dots, dashes or underscores', label)
    }
    return join(this.folder, `${label}${SUFFIX}`)
  }

  /** All keys, by label. Files whose names are no labels, which nothing else here reads, are left out. */
  async list(): Promise<KeyEntry[]> {
    const names = await readdir(this.folder).catch(() => [])
    const labels = names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .filter(isLabel)
      .sort()
    return await Promise.all(
      labels.map(async (label) => {
        const path = this.pathOf(label)
        const encrypted = isEncryptedKey(await readFile(path, 'utf8').catch(() => ''))
        const key = encrypted ? undefined : await readKeyFile(path).catch(() => undefined)
        return { label, path, encrypted, ...(key === undefined ? {} : { name: key.name }) }
      }),
    )
  }

  async read(label: string, options: ReadKeyFileOptions = {}): Promise<SiteKey> {
    return await readKeyFile(this.pathOf(label), options)
  }

  /** Keeps a key. @throws {BlackholeError} `conflict` when the label is taken */
  async add(label: string, key: SiteKey, options: PassphraseOptions = {}): Promise<string> {
    const path = this.pathOf(label)
    await writeKeyFile(path, key, options)
    return path
  }

  /** The key of a label, made when there is none. */
  async readOrCreate(
    label: string,
    options: ReadKeyFileOptions = {},
  ): Promise<{ key: SiteKey; path: string; created: boolean }> {
    const path = this.pathOf(label)
    try {
      return { key: await readKeyFile(path, options), path, created: false }
    } catch (error) {
      if (!(error instanceof BlackholeError) || error.reason !== 'missing') throw error
    }
    const key = await createSiteKey()
    await writeKeyFile(path, key, options)
    return { key, path, created: true }
  }
}

function isLabel(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)
}
