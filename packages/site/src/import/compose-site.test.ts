import { PIECE_BYTES } from '@blackhole/protocol'
import { expect, test } from 'vitest'
import { composeSite, importOneFile } from './compose-site.ts'
import { importSite } from './import-site.ts'
import { memoryFile } from './site-file.ts'

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'a/b/app.js': 'let a = 1',
  'a/large.bin': new Uint8Array(2 * PIECE_BYTES + 7).map((_, at) => at >> 12),
  'empty.txt': '',
}

test('a site composed of files that were imported one by one is the site of all of them', async () => {
  const whole = await importSite(
    Object.entries(FILES).map(([path, content]) => memoryFile(path, content)),
    { now: () => 0, origins: ['https://example.com'] },
  )
  const files = new Map()
  for (const [path, content] of Object.entries(FILES)) {
    const { type } = whole.manifest.files[path]!
    files.set(path, { ...(await importOneFile(memoryFile(path, content))), type })
  }
  const composed = await composeSite(files, whole.manifest)
  expect(composed.root).toBe(whole.root)
  expect(composed.manifest).toEqual(whole.manifest)
  for (const cid of composed.cids) expect(await composed.readBlock(cid)).toEqual(await whole.readBlock(cid))
  expect(new Set([...composed.cids, ...[...files.values()].flatMap(({ cids }) => cids as string[])])).toEqual(
    new Set(whole.blocks.keys()),
  )
})

test('it may have no file, and says that it was pulled', async () => {
  const { manifest } = await composeSite(new Map(), {
    version: 1,
    sequence: 1,
    previous: null,
    created: new Date(0).toISOString(),
    origins: [],
    documents: 'origin',
    retired: false,
    pulled: true,
  })
  expect([manifest.files, manifest.pulled]).toEqual([{}, true])
})
