import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where inputs are kept: a folder for each target. */
export const CORPUS = join(import.meta.dirname, '../corpus')

/** Why an input is kept: `real` came from an encoder, `found` led somewhere new, `fault` broke a promise once. */
export type Kind = 'real' | 'found' | 'fault'

/** An input that is kept. */
export interface KeptInput {
  readonly file: string
  readonly bytes: Uint8Array
}

/** The inputs kept for a target, in the order of their names; none when it has no folder yet. */
export function keptInputs(target: string): KeptInput[] {
  const folder = join(CORPUS, target)
  return filesIn(folder).map((file) => ({ file, bytes: new Uint8Array(readFileSync(join(folder, file))) }))
}

/** Keeps an input under a name that its bytes give; the same again changes nothing. */
export function keepInput(target: string, kind: Kind, bytes: Uint8Array): string {
  const file = `${kind}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`
  mkdirSync(join(CORPUS, target), { recursive: true })
  writeFileSync(join(CORPUS, target, file), bytes)
  return file
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
