import { basename } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import {
  deadFiles,
  importCycles,
  importsOf,
  isPackage,
  notReExports,
  packageOf,
  reach,
  resolveImport,
  shippedFiles,
  topLevelEffects,
} from './imports.ts'
import { ENTRIES, EXAMPLE_LAYER, LAYERS, TEST_ONLY, WORLDS } from './layers.ts'
import { examples, isTestFile, packages, sources, text, type Workspace } from './workspace.ts'

const PACKAGES = packages()
const OURS = new Set(PACKAGES.map(({ json }) => json.name))
const ROOT_TOOLS = Object.keys((JSON.parse(text('package.json')) as { devDependencies: object }).devDependencies)

interface TsConfig {
  readonly compilerOptions: { readonly lib: readonly string[]; readonly types?: readonly string[] }
  readonly references?: readonly { readonly path: string }[]
}

function tsconfig({ folder }: Workspace): TsConfig {
  return ts.parseConfigFileTextToJson('tsconfig.json', text(`${folder}/tsconfig.json`)).config as TsConfig
}

function ours(dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(dependencies).filter((name) => OURS.has(name))
}

test('every package has a layer', () => {
  expect(PACKAGES.map(({ id }) => id)).toEqual(Object.keys(LAYERS).sort())
})

describe.each(PACKAGES)('$folder', (workspace) => {
  const allowed = LAYERS[workspace.id] ?? []
  const files = sources(workspace)
  // Nobody ships the testkit.
  const shipped = workspace.json.name === TEST_ONLY ? new Set<string>() : shippedFiles(workspace)

  test('depends on lower layers only', () => {
    expect(allowed).toEqual(expect.arrayContaining(ours(workspace.json.dependencies)))
    expect([...allowed, TEST_ONLY]).toEqual(expect.arrayContaining(ours(workspace.json.devDependencies)))
  })

  test('compiles against what it depends on, in its world', () => {
    const config = tsconfig(workspace)
    const referenced = (config.references ?? []).map(({ path }) => `@blackhole/${basename(path)}`)
    expect(allowed).toEqual(expect.arrayContaining(referenced))
    const { lib, types = [] } = config.compilerOptions
    const world = lib.includes('DOM') ? 'window' : lib.includes('WebWorker') ? 'worker' : 'node'
    expect(world).toBe(WORLDS[workspace.id])
    if (world === 'worker') expect(types).toEqual([])
  })

  test('imports lower layers and declared dependencies only', () => {
    const { dependencies = {}, devDependencies = {} } = workspace.json
    const wrong = files.flatMap((file) => {
      const forTests = !shipped.has(file) ? [...Object.keys(devDependencies), ...ROOT_TOOLS, TEST_ONLY, ...OURS] : []
      const declared = new Set([...Object.keys(dependencies), ...forTests])
      const layer = new Set([...allowed, ...(!shipped.has(file) ? [TEST_ONLY, ...allowed] : [])])
      return importsOf(file)
        .filter((specifier) => isPackage(specifier))
        .filter((specifier) => {
          const name = packageOf(specifier)
          return !declared.has(name) || (OURS.has(name) && !layer.has(name))
        })
        .map((specifier) => `${file} imports ${specifier}`)
    })
    expect(wrong).toEqual([])
  })

  test('stays inside its folder', () => {
    const outside = files.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => !resolveImport(file, specifier).startsWith(`${workspace.folder}/`))
        .map((specifier) => `${file} imports ${specifier}`),
    )
    expect(outside).toEqual([])
  })

  test('has an index.ts that only re-exports and that nothing inside imports', () => {
    const indexes = files.filter((file) => basename(file) === 'index.ts')
    expect(indexes.flatMap(notReExports)).toEqual([])
    const importers = files.filter((file) =>
      importsOf(file).some((specifier) => specifier.startsWith('.') && basename(specifier) === 'index.ts'),
    )
    expect(importers).toEqual([])
  })

  test('has no import cycle, type imports included', () => {
    expect(importCycles(workspace)).toEqual([])
  })

  test('does nothing when its modules are imported', () => {
    expect([...shipped].filter((file) => !ENTRIES.has(file)).flatMap(topLevelEffects)).toEqual([])
  })

  test('has no file that neither users nor tests reach', () => {
    expect(deadFiles(workspace)).toEqual([])
  })

  test('names its files in kebab-case', () => {
    expect(files.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.ts$/.test(basename(file)))).toEqual([])
  })
})

test.each(examples())('$folder imports what users have', (workspace) => {
  const files = sources(workspace)
  const forTests = reach(files.filter(isTestFile), workspace)
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .map(packageOf)
      .filter((name) => OURS.has(name) && !EXAMPLE_LAYER.includes(name) && !(forTests.has(file) && name === TEST_ONLY))
      .map((name) => `${file} imports ${name}`),
  )
  expect(wrong).toEqual([])
})

test('a dependency has one version in the whole repository', () => {
  const declared = new Map<string, Set<string>>()
  for (const { json } of [...PACKAGES, ...examples()]) {
    for (const [name, version] of Object.entries({ ...json.dependencies, ...json.devDependencies })) {
      if (!OURS.has(name)) declared.set(name, (declared.get(name) ?? new Set()).add(version))
    }
  }
  expect([...declared].filter(([, versions]) => versions.size > 1)).toEqual([])
})

test('the lockfile names no registry, so that any mirror serves', () => {
  expect(text('package-lock.json')).not.toMatch(/"resolved": "https?:/)
})
