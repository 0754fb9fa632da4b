import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { beforeAll, expect, test } from 'vitest'
import { ASSETS, FILES, weighAssets } from './size-budgets.ts'
import { ROOT } from './workspace.ts'

const SCRIPTS = Object.values(FILES)

beforeAll(() => {
  if (SCRIPTS.every((file) => existsSync(join(ASSETS, file)))) return
  execFileSync(process.execPath, ['scripts/build.ts', '.js'], { cwd: ROOT, stdio: 'inherit' })
}, 120_000)

test('loader, worker and peer stay within their budgets', async () => {
  expect((await weighAssets()).filter(({ kib, budget }) => kib > budget)).toEqual([])
})

test.each(SCRIPTS)('%s needs nothing else, and is served without its source map', (file) => {
  const code = readFileSync(join(ASSETS, file), 'utf8')
  expect(code).not.toMatch(/^import\s|\bfrom\s*["'][^"']+["'];?$|sourceMappingURL/m)
  expect(existsSync(join(ASSETS, `${file}.map`))).toBe(false)
})
