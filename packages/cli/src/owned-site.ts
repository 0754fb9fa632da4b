import { existsSync } from 'node:fs'
import type { SiteKey } from '@blackhole/sdk'
import { CommandError, UsageError } from './failure.ts'
import { folderLabel, keyPath, readKey } from './site-keys.ts'
import type { KeySurroundings } from './site-keys.ts'

/** Option of commands that act on a site that exists. */
export const KEY_OPTION = {
  key: {
    type: 'string',
    placeholder: 'KEY',
    summary: 'Key file, or label of a key',
    env: 'BLACKHOLE_KEY',
    fallback: "the folder's own",
  },
} as const

/**
 * The key of a site that was published before: the one that is named, or the folder's own.
 *
 * @throws {UsageError} when neither is given
 * @throws {CommandError} when the folder has no key: it was not published from here
 */
export async function readOwnKey(
  key: string | undefined,
  folder: string | undefined,
  surroundings: KeySurroundings,
): Promise<SiteKey> {
  if (key !== undefined) return (await readKey(key, surroundings)).key
  if (folder === undefined) throw new UsageError('name the site: the folder that was published, or --key KEY')
  const label = await folderLabel(folder)
  const path = keyPath(label, surroundings)
  if (!existsSync(path))
    throw new CommandError(
      `${folder} has no site: nothing was published from this folder with a key of its own (${path}). ` +
        'Name the key that its site was published with: --key KEY',
    )
  return (await readKey(label, surroundings)).key
}
