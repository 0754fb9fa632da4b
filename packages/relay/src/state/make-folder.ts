import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing. Node's own recursive
 * `mkdir` never ends where nothing can be made (`/proc/x`): the system says
 * "not there" of a folder whose parent is.
 *
 * @param mode - of the folders that are made. Default: all that the process may give
 * @throws what the system says of the first folder that can't be made
 */
export async function makeFolder(path: string, { mode = 0o777 }: { readonly mode?: number } = {}): Promise<void> {
  if (await isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path) await makeFolder(parent, { mode })
  try {
    await mkdir(path, { mode })
  } catch (error) {
    // Another process was quicker.
    if (!(await isFolder(path))) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}
