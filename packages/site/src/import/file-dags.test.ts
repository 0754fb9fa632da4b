import { decode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { BlockSource } from './block-source.ts'
import { importFiles, importFolder } from './file-dags.ts'
import type { DagEntry } from './file-dags.ts'
import { memoryFile } from './site-file.ts'

// Numbers of Kubo's test/cli/cid_profiles_test.go.
describe('IPIP-499 profile unixfs-v1-2025', () => {
  test('a small file is a raw leaf', async () => {
    const files = new Map([['a', memoryFile('a', 'hello world')]])
    for await (const dag of importFiles(files, new BlockSource(files))) {
      expect(dag.cid.toString()).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
    }
  })

  const byte = CID.parse('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')

  test.each([
    ['at the threshold stays flat', 21, 262_144, 'directory'],
    ['one byte over it is sharded', 22, undefined, 'hamt-sharded-directory'],
  ])('a folder %s', async (_, lastNameLength, size, type) => {
    const entries = new Map<string, DagEntry>()
    for (let index = 0; index < 4765; index++) entries.set(String(index).padStart(11, '0'), { cid: byte, dagSize: 1n })
    entries.set('z'.repeat(lastNameLength), { cid: byte, dagSize: 1n })
    const blocks = new BlockSource(new Map())
    const { cid } = await importFolder(entries, blocks)
    const block = await blocks.read(cid.toString())
    expect(UnixFS.unmarshal(decode(block).Data!).type).toBe(type)
    if (size !== undefined) expect(block.byteLength).toBe(size)
    else expect(decode(block).Links.length).toBeLessThanOrEqual(256)
  })
})
