import { MAX_MANIFEST_BYTES } from '@blackhole/protocol'
import { encode, prepare } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { walkPath } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, test } from 'vitest'
import { importSite } from '../import/import-site.ts'
import { memoryFile } from '../import/site-file.ts'
import { findEntry } from './directory-entry.ts'
import { loadManifest } from './load-manifest.ts'
import { readUnixFsFile } from './read-file.ts'

/** Blocks made by hand. */
class Blocks {
  readonly map = new Map<string, Uint8Array>()
  reads = 0
  readonly get = (cid: CID): Promise<Uint8Array> => {
    this.reads++
    const bytes = this.map.get(cid.toString())
    return bytes === undefined ? Promise.reject(new Error(`no ${cid.toString()}`)) : Promise.resolve(bytes)
  }

  async add(bytes: Uint8Array, code: number): Promise<CID> {
    const cid = CID.createV1(code, await sha256.digest(bytes))
    this.map.set(cid.toString(), bytes)
    return cid
  }

  node(unixfs: UnixFS, links: { Name: string; Hash: CID }[] = []): Promise<CID> {
    return this.add(
      encode(prepare({ Data: unixfs.marshal(), Links: links.map((link) => ({ ...link, Tsize: 1 })) })),
      0x70,
    )
  }
}

const folder = (): UnixFS => new UnixFS({ type: 'directory' })

async function siteWith(blocks: Blocks, manifest: CID): Promise<CID> {
  const inner = await blocks.node(folder(), [{ Name: 'manifest.json', Hash: manifest }])
  return blocks.node(folder(), [{ Name: '.blackhole', Hash: inner }])
}

describe('what is no site', () => {
  test('a folder without a manifest', async () => {
    const blocks = new Blocks()
    const root = await blocks.node(folder())
    await expect(loadManifest(root, blocks.get)).rejects.toMatchObject({
      reason: 'missing',
      message: expect.stringContaining(root.toString()),
    })
  })

  test('a file, a raw block, bytes that are no node', async () => {
    const blocks = new Blocks()
    for (const root of [
      await blocks.node(new UnixFS({ type: 'file' })),
      await blocks.add(Uint8Array.of(1), 0x55),
      await blocks.add(Uint8Array.of(255, 255), 0x70),
    ]) {
      await expect(loadManifest(root, blocks.get)).rejects.toMatchObject({
        reason: 'invalid',
        subject: root.toString(),
      })
    }
  })

  test('a manifest that is not one', async () => {
    const blocks = new Blocks()
    const root = await siteWith(blocks, await blocks.add(new TextEncoder().encode('{"version":99}'), 0x55))
    await expect(loadManifest(root, blocks.get)).rejects.toMatchObject({
      name: 'ValidationError',
      subject: 'manifest.version',
    })
  })

  test('a manifest that says it is huge is not fetched', async () => {
    const blocks = new Blocks()
    const leaf = await blocks.add(Uint8Array.of(1), 0x55)
    const huge = new UnixFS({ type: 'file', blockSizes: [BigInt(MAX_MANIFEST_BYTES) + 1n] })
    const root = await siteWith(blocks, await blocks.node(huge, [{ Name: '', Hash: leaf }]))
    await expect(loadManifest(root, blocks.get)).rejects.toMatchObject({ reason: 'limit' })
    expect(blocks.reads).toBe(3)
  })

  test('a file that lies about its size is cut off', async () => {
    const blocks = new Blocks()
    const leaf = await blocks.add(new Uint8Array(1000), 0x55)
    const liar = await blocks.node(
      new UnixFS({ type: 'file', blockSizes: [1n] }),
      Array.from({ length: 100 }, () => ({ Name: '', Hash: leaf })),
    )
    await expect(readUnixFsFile(liar, blocks.get, { maxBytes: 5000 })).rejects.toMatchObject({ reason: 'limit' })
    expect(blocks.reads).toBeLessThan(20)
  })

  test('nodes nested without end, shards nested without end', async () => {
    const blocks = new Blocks()
    let cid = await blocks.node(new UnixFS({ type: 'file', data: Uint8Array.of(1) }))
    for (let depth = 0; depth < 6; depth++)
      cid = await blocks.node(new UnixFS({ type: 'file', blockSizes: [1n] }), [{ Name: '', Hash: cid }])
    await expect(readUnixFsFile(cid, blocks.get, { maxBytes: 5000 })).rejects.toMatchObject({ reason: 'invalid' })

    const shard = (links: { Name: string; Hash: CID }[]): Promise<CID> =>
      blocks.node(
        new UnixFS({
          type: 'hamt-sharded-directory',
          fanout: 256n,
          hashType: 0x22n,
          data: new Uint8Array(32).fill(255),
        }),
        links,
      )
    let deep = await shard([])
    for (let depth = 0; depth < 12; depth++) {
      const Hash = deep
      deep = await shard(
        Array.from({ length: 256 }, (_, slot) => ({ Name: slot.toString(16).toUpperCase().padStart(2, '0'), Hash })),
      )
    }
    await expect(findEntry(deep, 'x', blocks.get)).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining('too deeply'),
    })
  })

  test('a shard with an absurd fanout', async () => {
    const blocks = new Blocks()
    for (const fanout of [0n, 3n, 1n, 4096n]) {
      const root = await blocks.node(new UnixFS({ type: 'hamt-sharded-directory', fanout, hashType: 0x22n }))
      await expect(findEntry(root, 'x', blocks.get)).rejects.toMatchObject({ reason: 'invalid' })
    }
  })
})

test('entries of a sharded folder are the ones that ipfs-unixfs-exporter finds', { timeout: 60_000 }, async () => {
  const names = Array.from({ length: 3000 }, (_, index) => `entry ü ${'x'.repeat(40)} ${index}`)
  const site = await importSite(names.map((name) => memoryFile(name, name)))
  const get = (cid: CID): Promise<Uint8Array> => site.readBlock(cid.toString())
  const store = {
    get: async function* (cid: CID) {
      yield await get(cid)
    },
  }
  const root = CID.parse(site.root)
  for (const name of names.filter((_, index) => index % 50 === 0)) {
    let expected: CID | undefined
    for await (const entry of walkPath(`${site.root}/${name}`, store)) expected = entry.cid
    expect((await findEntry(root, name, get))?.toString()).toBe(expected?.toString())
  }
  expect(await findEntry(root, 'not there', get)).toBeUndefined()
})

test('an abort ends the load', async () => {
  const site = await importSite([memoryFile('x', 'x')])
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(
    loadManifest(
      site.root,
      async (cid, options) => {
        options.signal?.throwIfAborted()
        return site.readBlock(cid.toString())
      },
      { signal },
    ),
  ).rejects.toThrow('enough')
})
