import { sha256 } from 'multiformats/hashes/sha2'
import { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'
import { loadManifest } from '../manifest/load-manifest.ts'
import { importSite } from './import-site.ts'
import { blobFile, memoryFile } from './site-file.ts'

/** What `import-site.test.ts` computes in Node, and Helia with it. */
const ROOT = 'bafybeihghsziqw55hkx5h3cy7mwf5mt7mimqhbqwv6y6ddrqm2u64gar6m'

test('files of a browser make the same site as files on a disk', async () => {
  const content = ['<h1>Hello</h1>', 'h1 { color: red }']
  const now = (): number => 0
  const blobs = await importSite(
    [blobFile('index.html', new File([content[0]!], 'index.html')), blobFile('css/a.css', new Blob([content[1]!]))],
    { now },
  )
  const memory = await importSite([memoryFile('index.html', content[0]!), memoryFile('css/a.css', content[1]!)], {
    now,
  })
  expect(blobs.root).toBe(memory.root)
  expect(blobs.root).toBe(ROOT)
  for (const cid of blobs.blocks.keys()) {
    expect((await sha256.digest(await blobs.readBlock(cid))).digest).toEqual(CID.parse(cid).multihash.digest)
  }
  const { manifest } = await loadManifest(blobs.root, (cid) => blobs.readBlock(cid.toString()))
  expect(manifest).toEqual(blobs.manifest)
})
