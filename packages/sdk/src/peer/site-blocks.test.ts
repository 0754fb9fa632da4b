import { NotFoundError, parseSiteName } from '@blackhole/protocol'
import { MemoryPieceStore } from '@blackhole/swarm'
import { expect, it } from 'vitest'
import { SiteBlocks } from './site-blocks.ts'

const site = parseSiteName('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')
const cid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const ours = new Uint8Array([1])
const theirs = new Uint8Array([2])

/** Blocks over a store that counts its reads, and a swarm of which `known` is what it knows. */
async function setup(known: { holds?: boolean; unstored?: boolean; peers?: boolean; stored?: boolean }) {
  const store = new MemoryPieceStore()
  if (known.stored === true) await store.put([{ cid, bytes: ours, site }])
  let reads = 0
  const get = store.get.bind(store)
  store.get = (name) => {
    reads += 1
    return get(name)
  }
  const swarm = {
    holds: () => known.holds,
    unstored: () => (known.unstored === true ? ours : undefined),
    stored: () => Promise.resolve(),
    fetch: () =>
      known.peers === true
        ? Promise.resolve({ bytes: theirs, peers: ['peer'] })
        : Promise.reject(new NotFoundError(cid)),
  }
  const blocks = new SiteBlocks({ store, swarm, http: [], onBytes: () => undefined }, { site })
  return { blocks, reads: () => reads }
}

it('asks peers for a piece that is known to be missing, without a question to the store', async () => {
  const { blocks, reads } = await setup({ holds: false, peers: true })
  expect(await blocks.fromPeers(cid)).toEqual({ bytes: theirs, source: 'peers' })
  expect(reads()).toBe(0)
})

it('gives what is in the store', async () => {
  for (const holds of [true, undefined]) {
    const { blocks } = await setup({ ...(holds === undefined ? {} : { holds }), stored: true, peers: true })
    expect(await blocks.fromPeers(cid)).toEqual({ bytes: ours, source: 'local' })
  }
})

it('gives what is on its way into the store', async () => {
  const { blocks, reads } = await setup({ holds: false, unstored: true, peers: true })
  expect(await blocks.fromPeers(cid)).toEqual({ bytes: ours, source: 'local' })
  expect(reads()).toBe(0)
})

it('finds what another tab stored when no peer has it', async () => {
  const { blocks } = await setup({ holds: false, stored: true })
  expect(await blocks.fromPeers(cid)).toEqual({ bytes: ours, source: 'local' })
})

it('says so when nobody has it', async () => {
  const { blocks } = await setup({ holds: false })
  await expect(blocks.fromPeers(cid)).rejects.toBeInstanceOf(NotFoundError)
})
