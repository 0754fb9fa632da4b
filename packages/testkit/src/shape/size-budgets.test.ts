import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BUDGETS, weighAssets } from './size-budgets.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-assets-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

it('weighs each script gzipped, beside its budget', async () => {
  for (const file of ['blackhole.js', 'blackhole-sw.js', 'blackhole-peer.js']) {
    await writeFile(join(folder, file), 'x'.repeat(1_000_000))
  }
  const weights = await weighAssets(folder)
  expect(weights.map(({ name, budget }) => [name, budget])).toEqual(Object.entries(BUDGETS))
  for (const { kib } of weights) expect(kib).toBeLessThan(2)
})

it('says what to build when a script is missing', async () => {
  await expect(weighAssets(folder)).rejects.toThrow(/blackhole\.js is not in .*npm run build/)
})
