import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

/** Folders in which Debian keeps what root runs: not on everyone's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** Where a program lies; undefined when it is not there. */
export type FindProgram = (name: string) => string | undefined

/** Looks for a program on the PATH, and where Debian keeps its own. */
export function findProgram(
  name: string,
  { path = process.env['PATH'] ?? '', systemFolders = SYSTEM_FOLDERS }: ProgramFolders = {},
): string | undefined {
  const folders = [...path.split(delimiter), ...systemFolders].filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}

/** Where to look. */
export interface ProgramFolders {
  /** Default: the process's PATH. */
  readonly path?: string
  readonly systemFolders?: readonly string[]
}

/**
 * Says which of these programs is missing, and what brings it.
 *
 * @param programs - each with Debian's package of it
 * @returns a sentence without its full stop about the first that is missing; undefined when all are there
 */
export function whyNoPrograms(
  programs: Readonly<Record<string, string>>,
  find: FindProgram = findProgram,
): string | undefined {
  const missing = Object.entries(programs).find(([name]) => find(name) === undefined)
  return missing && `${missing[0]} is not installed (Debian has it in ${missing[1]})`
}
