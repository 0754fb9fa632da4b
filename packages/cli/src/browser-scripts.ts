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

/** Until a relay's script is here. */
const SERVED_TIMEOUT_MS = 15_000

/** What a script is refused as that a relay has of another version, and what to do then. */
const OTHER_VERSION =
  'a tag with the hash of this command’s would not load there. Use the command of the relay’s version, ' +
  'or host the scripts yourself: blackhole assets DIR'

/**
 * Makes sure that a relay serves these scripts, byte for byte: browsers refuse others than the tag's hashes name.
 *
 * @param options - `onUnknown`: told when the relay can't be asked
 * @throws {CommandError} when it serves another version
 */
export async function checkServed(
  relay: string,
  scripts: readonly BrowserScript[],
  { signal, onUnknown }: { readonly signal: AbortSignal; readonly onUnknown: (error: unknown) => void },
): Promise<void> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(SERVED_TIMEOUT_MS)])
  for (const { file, bytes } of scripts) {
    let isSame: boolean
    try {
      isSame = await serves(`${relay}/${file}`, bytes, until)
    } catch (error) {
      signal.throwIfAborted()
      onUnknown(error)
      return
    }
    if (!isSame) throw new CommandError(`${relay}/${file} is of another version than this command: ${OTHER_VERSION}`)
  }
}

async function serves(url: string, expected: Buffer, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(url, { signal })
  if (!response.ok) throw new CommandError(`${url} answered ${String(response.status)}`)
  let at = 0
  // No more is read than can be the same.
  if (response.body === null) return expected.byteLength === 0
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    if (!expected.subarray(at, at + part.byteLength).equals(part)) return false
    at += part.byteLength
  }
  return at === expected.byteLength
}

async function read(folder: string, file: string): Promise<BrowserScript> {
  try {
    const bytes = await readFile(join(folder, file))
    return { file, bytes, integrity: `sha384-${createHash('sha384').update(bytes).digest('base64')}` }
  } catch (cause) {
    throw new CommandError(`${file} is not in ${folder}: build it with "npm run build"`, { cause })
  }
}
