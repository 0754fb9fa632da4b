import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { createSiteKey } from '@blackhole/sdk'
import type { SiteKey } from '@blackhole/sdk'
import { defaultKeyFolder, KeyFolder, readKeyFile, writeKeyFile } from '@blackhole/sdk/files'
import { CommandError } from './failure.ts'
import type { Terminal } from './terminal.ts'
import { orWrongUsage } from './values.ts'

/** Option that all commands with a key share. */
export const PASSPHRASE_OPTION = {
  'passphrase-file': {
    type: 'string',
    placeholder: 'FILE',
    summary: 'File whose first line is the passphrase of the key',
    env: 'BLACKHOLE_PASSPHRASE_FILE',
  },
} as const

/** What is needed to find keys. */
export interface KeySurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly terminal: Terminal
  readonly passphrase?: string | undefined
}

/** A key and the file that it lies in. */
export interface FoundKey {
  readonly key: SiteKey
  readonly path: string
  readonly created: boolean
}

/** The folder of keys: `$BLACKHOLE_HOME/keys`, or `~/.blackhole/keys`. */
export function keyFolder({ env }: Pick<KeySurroundings, 'env'>): KeyFolder {
  return new KeyFolder(defaultKeyFolder(env))
}

/** The first line of the passphrase file; undefined when there is no file to read. */
export async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandError(`the passphrase file ${file} can't be read`, { cause })
  })
  const [line = ''] = text.split(/\r?\n/)
  if (line === '') throw new CommandError(`the first line of the passphrase file ${file} is empty`)
  return line
}

/** The file of a key that was named by hand: a path, or the label of a key in the folder of keys. */
export function keyPath(name: string, surroundings: Pick<KeySurroundings, 'env'>): string {
  if (/[/\\]|\.(pem|key)$/.test(name)) return resolve(name)
  return orWrongUsage(() => keyFolder(surroundings).pathOf(name))
}

/**
 * Reads a key that must exist.
 *
 * @throws {CommandError} when the file holds none, or the name could be meant for a file beside it
 */
export async function readKey(name: string, surroundings: KeySurroundings): Promise<FoundKey> {
  const path = keyPath(name, surroundings)
  refuseFileAsLabel(name, path)
  try {
    return { key: await readKeyFile(path, readOptions(surroundings)), path, created: false }
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ValidationError') throw cause
    throw new CommandError(`the file ${path} is there, and holds no key`, { cause })
  }
}

/** Reads a key, or makes one when there is none at that place; a new one is not kept before `keepKey`. */
export async function readOrCreateKey(name: string, surroundings: KeySurroundings): Promise<FoundKey> {
  const path = keyPath(name, surroundings)
  if (existsSync(path)) return await readKey(name, surroundings)
  refuseFileAsLabel(name, path)
  return { key: await createSiteKey(), path, created: true }
}

/** Writes a key that was just made to its file, and says so: a lost key is a lost site. */
export async function keepKey({ key, path }: FoundKey, { terminal, passphrase }: KeySurroundings): Promise<void> {
  await writeKeyFile(path, key, { passphrase })
  terminal.note(`New key: ${path}\nKeep a copy: whoever has it can publish the site, and without it nobody can.`)
}

/** A label that no key has and a file beside us does: whoever names it means the file. */
function refuseFileAsLabel(name: string, path: string): void {
  if (existsSync(path) || path === resolve(name)) return
  if (statSync(name, { throwIfNoEntry: false })?.isFile() !== true) return
  throw new CommandError(
    `${JSON.stringify(name)} is the label of no key, and a file is called so: for that file write ./${name}, ` +
      `for a new key of this label run: blackhole key create ${name}`,
  )
}

/**
 * Label of a folder's own key: its name and its parent's, so that people know
 * it, and a hash of where it lies, so that the `dist` of two projects never
 * share a site.
 */
export async function folderLabel(folder: string): Promise<string> {
  const path = await realpath(folder).catch(() => resolve(folder))
  const words = [basename(dirname(path)), basename(path)].map((word) =>
    word.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 24),
  )
  const readable = words.join('-').replace(/^[^A-Za-z0-9]+/, '')
  return `${readable === '' ? 'site' : readable}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
}

function readOptions({ passphrase, terminal }: KeySurroundings): Parameters<typeof readKeyFile>[1] {
  return {
    passphrase,
    onWarning: (message) => {
      terminal.warn(message)
    },
  }
}
