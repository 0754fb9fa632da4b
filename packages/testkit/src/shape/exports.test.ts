import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import { ENTRIES, TEST_ONLY } from './layers.ts'
import { packages, ROOT } from './workspace.ts'

const PACKAGES = packages()

describe.each(PACKAGES)('$folder', ({ folder, json }) => {
  const paths = Object.values(json.exports ?? {})

  test('has what it exports', () => {
    expect(paths.length).toBeGreaterThan(0)
    const files = [
      ...paths,
      ...Object.values(json.bin ?? {}),
      ...Object.values(json.imports ?? {}).flatMap((byWorld) => Object.values(byWorld)),
    ]
    expect(files.filter((path) => !path.includes('*') && !existsSync(join(ROOT, folder, path)))).toEqual([])
  })

  // The testkit drives test tools, which leave what they like; nobody ships it.
  const shipped = json.name === TEST_ONLY ? [] : paths
  test.each(
    shipped
      .map((path) => join(folder, path))
      .filter((path) => !path.includes('*') && !ENTRIES.has(path))
      .map((path) => ({ path })),
  )('importing $path leaves no global, timer, socket or file behind', async ({ path }) => {
    const globals = new Set(Reflect.ownKeys(globalThis))
    const resources = count(process.getActiveResourcesInfo())
    const module = (await import(join(ROOT, path))) as Record<string, unknown>
    expect(Reflect.ownKeys(globalThis).filter((key) => !globals.has(key) && !isForeign(key))).toEqual([])
    const now = count(process.getActiveResourcesInfo())
    const added = Object.keys(now).filter((kind) => LASTING.test(kind) && (now[kind] ?? 0) > (resources[kind] ?? 0))
    expect(added).toEqual([])
    expect(unfrozenDefaults(module)).toEqual([])
  })
})

/** What libraries leave: tslib its helpers (`__awaiter`, …), undici its dispatcher. */
function isForeign(key: string | symbol): boolean {
  return typeof key === 'symbol' ? (key.description ?? '').startsWith('undici.') : /^__[a-zA-Z]+$/.test(key)
}

/** Resources that something has to close. */
const LASTING = /Server|Socket|TCP|UDP|Timeout|Interval|Worker|FSWatcher|MessagePort/

function count(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** Exported defaults that somebody could change for everybody. */
function unfrozenDefaults(module: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(module)
    .filter(([name, value]) => name.includes('DEFAULT') && typeof value === 'object' && value !== null)
    .filter(([, value]) => !Object.isFrozen(value))
    .map(([name]) => name)
}
