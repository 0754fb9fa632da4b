import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '../..')

/** One bundle: what goes in, what comes out, and for which world. Paths are relative to the root. */
export interface Target {
  /** How messages name it. */
  readonly name: string
  /** Output file name without extension -> source file. */
  readonly entries: Readonly<Record<string, string>>
  readonly outDir: string
  /**
   * `script`: a classic script that needs nothing. `module`: one ES module that
   * needs nothing. `library`: ES modules for Node and bundlers; packages from
   * npm stay imports.
   */
  readonly kind: 'script' | 'module' | 'library'
  /** Where source maps go, when not beside the output: maps of served files are not served. */
  readonly mapDir?: string
  /** Leaves `#` imports to the `package.json` that is published with it, since they differ between Node and bundlers. */
  readonly keepsOwnImports?: true
}

const ASSETS = 'packages/cli/dist/assets'
const ASSET_MAPS = 'packages/cli/dist/maps'

/** What a site's visitors get; file names are those of the relay's reserved paths. */
const ASSET_TARGETS: readonly Target[] = [
  asset('script', 'blackhole', 'packages/sdk/src/loader/loader.ts'),
  asset('script', 'blackhole-sw', 'packages/sw/src/sw.ts'),
  asset('script', 'blackhole-sw-start', 'packages/sw/src/sw-start.ts'),
  asset('module', 'blackhole-peer', 'packages/sdk/src/browser/peer-entry.ts'),
]

/** The packages that npm gets beside the command. */
export const PUBLISHED_LIBRARIES = ['relay', 'sdk', 'sw'] as const

/** All bundles of the repository. */
export function targets(): Target[] {
  return [
    ...ASSET_TARGETS,
    ...PUBLISHED_LIBRARIES.map((name) => library(name)),
    {
      name: 'blackhole command',
      kind: 'library',
      entries: { main: 'packages/cli/src/main.ts' },
      outDir: 'packages/cli/dist',
    },
  ]
}

function asset(kind: 'script' | 'module', name: string, source: string): Target {
  return { name: `${name}.js`, kind, entries: { [name]: source }, outDir: ASSETS, mapDir: ASSET_MAPS }
}

/** A library has one entry per path of its `exports`, and one per world of its `imports`. */
function library(id: string): Target {
  const folder = `packages/${id}`
  const json = readPackageJson(folder)
  const byWorld = Object.values(json.imports ?? {}).flatMap((worlds) => Object.values(worlds))
  const entries = [
    ...Object.entries(json.exports ?? {}).map(([path, source]) => [exportName(path), join(folder, source)]),
    ...byWorld.map((source) => [basename(source, '.ts'), join(folder, source)]),
  ]
  return {
    name: json.name,
    kind: 'library',
    entries: Object.fromEntries(entries) as Record<string, string>,
    outDir: `${folder}/dist`,
    keepsOwnImports: true,
  }
}

/** Name of the file that a path of `exports` becomes. */
export function exportName(path: string): string {
  return path === '.' ? 'index' : path.slice('./'.length)
}

/** The parts of a `package.json` that building and packing need. */
export interface PackageJson {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Reads the `package.json` of a folder, relative to the root. */
export function readPackageJson(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as PackageJson
}
