import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from './workspace.ts'

const KIB = 1024

/** What a visitor downloads, gzipped, at most. The worker can't load code lazily: its size is its start time. */
const BUDGETS = [
  { file: 'blackhole.js', budgetBytes: 3 * KIB },
  { file: 'blackhole-sw.js', budgetBytes: 220 * KIB },
  { file: 'blackhole-peer.js', budgetBytes: 240 * KIB },
]

const ASSETS = join(ROOT, 'packages/cli/dist/assets')

beforeAll(() => {
  if (BUDGETS.every(({ file }) => existsSync(join(ASSETS, file)))) return
  execFileSync(process.execPath, ['scripts/build.ts', '.js'], { cwd: ROOT, stdio: 'inherit' })
}, 120_000)

test.each(BUDGETS)('$file stays within its budget', ({ file, budgetBytes }) => {
  expect(gzipSync(readFileSync(join(ASSETS, file))).byteLength).toBeLessThanOrEqual(budgetBytes)
})

test.each(BUDGETS)('$file needs nothing else, and is served without its source map', ({ file }) => {
  const code = readFileSync(join(ASSETS, file), 'utf8')
  expect(code).not.toMatch(/^import\s|\bfrom\s*["'][^"']+["'];?$|sourceMappingURL/m)
  expect(existsSync(join(ASSETS, `${file}.map`))).toBe(false)
})
