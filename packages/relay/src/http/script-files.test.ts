import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScriptFiles } from './script-files.ts'

const SOURCE = 'self.answer = 42\n'.repeat(500)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scripts-'))
  for (const name of ['blackhole.js', 'blackhole-sw.js', 'blackhole-sw-start.js', 'blackhole-peer.js'])
    await writeFile(join(folder, name), SOURCE)
})

afterAll(() => rm(folder, { recursive: true }))

test('a client gets the smallest form that it takes, each under an ETag of its own', async () => {
  const scripts = new ScriptFiles(folder)
  const plain = await scripts.get('blackhole.js')
  const gzip = await scripts.get('blackhole.js', 'gzip, deflate')
  const brotli = await scripts.get('blackhole.js', 'gzip, deflate, br')
  expect(new TextDecoder().decode(plain?.bytes)).toBe(SOURCE)
  expect(gunzipSync(gzip?.bytes ?? new Uint8Array()).toString()).toBe(SOURCE)
  expect(brotliDecompressSync(brotli?.bytes ?? new Uint8Array()).toString()).toBe(SOURCE)
  expect([plain?.encoding, gzip?.encoding, brotli?.encoding]).toEqual([undefined, 'gzip', 'br'])
  expect(new Set([plain?.etag, gzip?.etag, brotli?.etag]).size).toBe(3)
})

test('a coding that the client refuses is not used', async () => {
  const form = await new ScriptFiles(folder).get('blackhole.js', 'br;q=0, gzip;q=0.0')
  expect(form?.encoding).toBeUndefined()
})

test('a script that was built again is read again', async () => {
  const scripts = new ScriptFiles(folder)
  const before = await scripts.get('blackhole-sw.js')
  await writeFile(join(folder, 'blackhole-sw.js'), 'self.answer = 43\n')
  await utimes(join(folder, 'blackhole-sw.js'), new Date(), new Date(Date.now() + 5000))
  const after = await scripts.get('blackhole-sw.js')
  expect(after?.etag).not.toBe(before?.etag)
})
