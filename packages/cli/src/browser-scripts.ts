import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError } from './failure.ts'

/** Scripts that browsers get, by what they do. */
export const SCRIPT_FILES = { loader: 'blackhole.js', worker: 'blackhole-sw.js', peer: 'blackhole-peer.js' } as const

/** A script and its hash as the `integrity` attribute has it (W3C Subresource Integrity). */
export interface BrowserScript {
  readonly file: string
  readonly bytes: Buffer
  readonly integrity: string
}

/**
 * Reads loader, worker and peer.
 *
 * @param folder - where the build put them
 * @throws {CommandError} when they have not been built
 */
export async function readBrowserScripts(folder: string): Promise<Record<keyof typeof SCRIPT_FILES, BrowserScript>> {
  const [loader, worker, peer] = await Promise.all([
    read(folder, SCRIPT_FILES.loader),
    read(folder, SCRIPT_FILES.worker),
    read(folder, SCRIPT_FILES.peer),
  ])
  return { loader, worker, peer }
}

async function read(folder: string, file: string): Promise<BrowserScript> {
  try {
    const bytes = await readFile(join(folder, file))
    return { file, bytes, integrity: `sha384-${createHash('sha384').update(bytes).digest('base64')}` }
  } catch (cause) {
    throw new CommandError(`${file} is not in ${folder}: build it with "npm run build"`, { cause })
  }
}
