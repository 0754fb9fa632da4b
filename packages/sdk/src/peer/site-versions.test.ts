import { generateKeyPair } from '@libp2p/crypto/keys'
import { siteNameOf } from '@blackhole/protocol'
import { MemorySiteState, createSiteRecord, importSite, memoryFile } from '@blackhole/site'
import { MemoryPieceStore } from '@blackhole/swarm'
import { expect, it } from 'vitest'
import type { SiteBlocks } from './site-blocks.ts'
import { SiteVersions } from './site-versions.ts'

const now = Date.now

it('keeps the way to the manifest while newer pieces push others out of the store', async () => {
  const key = await generateKeyPair('Ed25519')
  const site = siteNameOf(key.publicKey)
  const content = await importSite([memoryFile('index.html', new TextEncoder().encode('<h1>Hello</h1>'))])
  const record = await createSiteRecord(key, { root: content.root, sequence: 1, lifetimeMs: 60_000 })
  const store = new MemoryPieceStore({ now }, { maxBytes: 100_000 })
  await store.open()
  const versions = new SiteVersions(
    {
      state: new MemorySiteState(),
      blocks: {
        get: async (cid: string) => {
          const bytes = await content.readBlock(cid)
          await store.put([{ cid, bytes, site }])
          return { bytes, source: 'http' }
        },
      } as unknown as SiteBlocks,
      swarm: { addVersion: () => Promise.resolve(), removeVersion: () => undefined },
      store,
      now,
      onError: (what, error) => {
        throw new Error(what, { cause: error })
      },
    },
    { site },
  )
  await versions.offer(record.bytes)
  const { path } = await versions.load()
  const push = async (from: number): Promise<void> => {
    for (let index = from; index < from + 20; index += 1) {
      await store.put([{ cid: `piece-${String(index)}`, bytes: new Uint8Array(20_000), site }])
    }
  }
  await push(0)
  expect(path.length).toBeGreaterThan(1)
  expect(await store.hasMany(path)).toEqual(path.map(() => true))
  await versions.close()
  await push(20)
  expect(await store.hasMany(path)).toEqual(path.map(() => false))
})
