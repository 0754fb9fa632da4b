import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { parseSync } from 'vite'
import { readPackageJson, ROOT } from '../build/targets.ts'

/** The npm packages that built JavaScript and declarations import, in order. */
export function importedPackages(files: readonly string[]): string[] {
  const specifiers = files.flatMap((file) => {
    const { module } = parseSync(file, readFileSync(file, 'utf8'))
    const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => {
      const text = readFileSync(file, 'utf8').slice(start, end)
      return /^(['"])(.*)\1$/.exec(text)?.[2] ?? '.'
    })
    const reexports = module.staticExports.flatMap(({ entries }) =>
      entries.map(({ moduleRequest }) => moduleRequest?.value),
    )
    return [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...reexports, ...dynamic]
  })
  const packages = specifiers
    .filter((specifier) => specifier !== undefined)
    .filter(isPackage)
    .map(packageName)
  return [...new Set(packages)].sort()
}

/**
 * The versions of these packages that our own packages ask for.
 *
 * @throws when nobody declares one, or two ask for different versions
 */
export function declaredVersions(names: readonly string[]): Record<string, string> {
  const declared = globSync('packages/*/package.json', { cwd: ROOT }).map(
    (path) => readPackageJson(join(path, '..')).dependencies ?? {},
  )
  return Object.fromEntries(
    names.map((name) => {
      const versions = new Set(
        declared.map((dependencies) => dependencies[name]).filter((version) => version !== undefined),
      )
      const [version] = versions
      if (version === undefined) throw new Error(`${name} is imported, but no package declares it`)
      if (versions.size > 1) throw new Error(`${name} is declared in several versions: ${[...versions].join(', ')}`)
      return [name, version]
    }),
  )
}

function isPackage(specifier: string): boolean {
  return !/^([./#]|node:)/.test(specifier) && !builtinModules.includes(specifier)
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
