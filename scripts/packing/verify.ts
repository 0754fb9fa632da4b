import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

interface Published {
  readonly name: string
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
}

/**
 * Checks a staged package: what it names is there, it depends on nothing that
 * npm does not have, its entry can be imported and its command runs.
 *
 * @throws naming what is wrong
 */
export async function verify(folder: string): Promise<void> {
  const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Published
  const worlds = [...Object.values(json.exports ?? {}), ...Object.values(json.imports ?? {})]
  const named = [...worlds.flatMap((paths) => Object.values(paths)), ...Object.values(json.bin ?? {})]
  const missing = named.filter((path) => !existsSync(join(folder, path)))
  if (missing.length > 0) throw new Error(`${json.name} names files that are not there: ${missing.join(', ')}`)

  const ours = Object.keys(json.dependencies).filter((name) => name.startsWith('@blackhole/'))
  if (ours.length > 0) throw new Error(`${json.name} depends on private packages: ${ours.join(', ')}`)

  if (json.exports?.['.']?.['default'] !== undefined) {
    await import(pathToFileURL(join(folder, json.exports['.']['default'])).href)
  }
  for (const path of Object.values(json.bin ?? {})) {
    const said = execFileSync(process.execPath, [join(folder, path), '--version'], { encoding: 'utf8' })
    if (!said.includes(json.version)) throw new Error(`${json.name} --version said ${said}, not ${json.version}`)
  }
}
