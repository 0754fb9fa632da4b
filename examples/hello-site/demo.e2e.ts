import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, test } from 'playwright/test'

const ROOT = join(import.meta.dirname, '../..')

interface Outcome {
  readonly files: number
  readonly bytes: number
  readonly visitors: readonly {
    readonly browser: string
    readonly ms: number
    readonly received: { readonly local: number; readonly peers: number; readonly http: number }
  }[]
}

test('npm start -- --demo --json ends with one line of JSON: what each of two visitors got from whom', async () => {
  const args = [join(ROOT, 'scripts/start.ts'), '--demo', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 110_000 })
  const outcome = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Outcome
  const site = join(import.meta.dirname, 'site')
  const entries = (await readdir(site, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const sizes = await Promise.all(entries.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)

  expect(Object.keys(outcome)).toEqual(['files', 'bytes', 'visitors'])
  expect(outcome).toMatchObject({ files: sizes.length, bytes })
  const aNumber: unknown = expect.any(Number)
  const visitor = { browser: 'chromium', ms: aNumber, received: { local: aNumber, peers: aNumber, http: aNumber } }
  expect(outcome.visitors).toEqual([visitor, visitor])
  const [first, second] = outcome.visitors
  expect(first?.received).toMatchObject({ peers: 0 })
  expect(first?.received.http).toBeGreaterThan(0)
  expect(second?.received.peers).toBeGreaterThan(bytes * 0.95)
  expect(second?.received.http).toBe(0)
  // For people, the table stands above it.
  expect(stdout).toContain('from the other visitor')
})
