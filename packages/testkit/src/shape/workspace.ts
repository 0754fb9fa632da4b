import { globSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '../../../..')

/** The parts of a `package.json` that are checked. */
export interface PackageJson {
  readonly name: string
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A workspace of the repository. */
export interface Workspace {
  /** Folder relative to the root: `packages/swarm`. */
  readonly folder: string
  /** Short name: `swarm`. */
  readonly id: string
  readonly json: PackageJson
}

/** The packages under `packages/`. */
export function packages(): Workspace[] {
  return workspaces('packages/*/package.json')
}

/** The examples. */
export function examples(): Workspace[] {
  return workspaces('examples/*/package.json')
}

/** TypeScript files of a workspace, relative to the root; generated ones included, build output not. */
export function sources({ folder }: Workspace): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT, exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path) })
    .filter((path) => !path.endsWith('.d.ts'))
    .sort()
}

/** Whether a test runner starts at this file. */
export function isTestFile(path: string): boolean {
  return /\.(test|e2e)\.ts$/.test(path)
}

/** A file's text. */
export function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function workspaces(pattern: string): Workspace[] {
  return globSync(pattern, { cwd: ROOT })
    .map((path) => {
      const folder = relative(ROOT, join(ROOT, path, '..'))
      return { folder, id: basename(folder), json: JSON.parse(text(path)) as PackageJson }
    })
    .sort((a, b) => (a.folder < b.folder ? -1 : 1))
}
