import { cpSync, existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { exportName, type PackageJson, PUBLISHED_LIBRARIES, readPackageJson, ROOT } from '../build/targets.ts'
import { writeDeclarations } from './declarations.ts'
import { declaredVersions, importedPackages } from './imports.ts'

/** Where packages lie as npm gets them. */
export const STAGING = join(ROOT, 'dist/npm')

/** Published packages by their folder's name. */
export const PUBLISHED = [...PUBLISHED_LIBRARIES, 'cli'] as const

/** Files that each gets from the root. */
const LICENSES = ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT']

/**
 * Makes the folder of one package as npm gets it, from what the build and the
 * compiler wrote.
 *
 * @returns the folder
 */
export function stage(id: (typeof PUBLISHED)[number]): string {
  const source = join(ROOT, 'packages', id)
  const json = readPackageJson(`packages/${id}`)
  const staged = join(STAGING, json.name)
  rmSync(staged, { recursive: true, force: true })
  mkdirSync(staged, { recursive: true })
  cpSync(join(source, 'dist'), join(staged, 'dist'), { recursive: true, filter: (path) => !NOT_PUBLISHED.test(path) })
  for (const name of LICENSES) cpSync(join(ROOT, name), join(staged, name))
  for (const name of ['README.md', 'bin']) {
    if (existsSync(join(source, name))) cpSync(join(source, name), join(staged, name), { recursive: true })
  }
  if (id !== 'cli') writeDeclarations(id, staged)
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(published(id, json, staged), null, 2)}\n`)
  return staged
}

/** Declarations are written apart; source maps of what visitors load name this machine's folders and are for debugging here. */
const NOT_PUBLISHED = /\.map$|\.tsbuildinfo$|\/dist\/(types|maps)(\/|$)/

function published(id: string, json: PackageJson, staged: string): object {
  const code = globSync('dist/**/*.js', { cwd: staged, exclude: ['dist/assets/**'] })
  const files = [...code, ...globSync('types/**/*.d.ts', { cwd: staged })].map((file) => join(staged, file))
  const { exports: _sources, imports, dependencies: _all, ...rest } = json
  return {
    ...Object.fromEntries(
      Object.entries(rest).filter(([key]) => !['private', 'devDependencies', 'scripts'].includes(key)),
    ),
    engines: { node: '>=22' },
    publishConfig: { access: 'public' },
    ...(id === 'cli' ? {} : { exports: builtExports(json) }),
    ...(imports === undefined ? {} : { imports: builtImports(imports) }),
    dependencies: declaredVersions(importedPackages(files)),
  }
}

function builtExports(json: PackageJson): object {
  const entries = Object.entries(json.exports ?? {}).map(([path, source]) => {
    const types = source.replace('./src/', './types/').replace(/\.ts$/, '.d.ts')
    return [path, { types, default: `./dist/${exportName(path)}.js` }]
  })
  return Object.fromEntries(entries) as object
}

function builtImports(imports: NonNullable<PackageJson['imports']>): object {
  const built = Object.entries(imports).map(([name, worlds]) => [
    name,
    Object.fromEntries(
      Object.entries(worlds).map(([world, source]) => [world, `./dist/${basename(source, '.ts')}.js`]),
    ),
  ])
  return Object.fromEntries(built) as object
}
