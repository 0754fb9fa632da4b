import { afterEach, describe, expect, it } from 'vitest'
import { MAX_BLOCK_BYTES } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { MAX_UNSTORED_BYTES } from './piece-writer.ts'
import { allBits, cidBytes, connectRaw } from './raw-peer.ts'
import { connect, knowing, ROOT, same, seen, testBlock, testBlocks, testSwarm, until } from './swarm-harness.ts'
import type { TestBlock, TestSwarm } from './swarm-harness.ts'

const MIB = 1024 * 1024
const swarms: TestSwarm[] = []

async function make(...args: Parameters<typeof testSwarm>): Promise<TestSwarm> {
  const made = await testSwarm(...args)
  swarms.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(({ swarm }) => swarm.stop()))
})

describe('Swarm', () => {
  it('gets pieces from a peer, verified, stores them and counts', async () => {
    const blocks = await testBlocks(3, 300_000)
    const [seed, reader] = [await make('seed', blocks), await make('reader')]
    await knowing(blocks, seed, reader)
    await connect(reader, seed)
    for (const { cid, bytes } of blocks) {
      const got = await reader.swarm.fetch(cid)
      expect(same(got.bytes, bytes)).toBe(true)
      expect(got.peers).toEqual(['seed'])
    }
    expect(reader.swarm.counters).toEqual({ downloaded: 900_000, uploaded: 0 })
    expect(seed.swarm.counters).toEqual({ downloaded: 0, uploaded: 900_000 })
    await reader.swarm.stop()
    expect(await reader.store.hasMany(blocks.map(({ cid }) => cid))).toEqual([true, true, true])
  })

  it('gets an empty block, and one of a single byte', async () => {
    const blocks = [await testBlock(0, 1), await testBlock(1, 2)]
    const [seed, reader] = [await make('seed', blocks), await make('reader')]
    await knowing(blocks, seed, reader)
    await connect(reader, seed)
    for (const { cid, bytes } of blocks) expect(await reader.swarm.fetch(cid)).toEqual({ bytes, peers: ['seed'] })
  })

  it('asks for the first piece before the next ones when it knows their sizes', async () => {
    const blocks = await testBlocks(6, MIB)
    const cids = blocks.map(({ cid }) => cid)
    const reader = await make('reader')
    await reader.swarm.addVersion(
      ROOT,
      cids,
      cids.map(() => MIB),
    )
    const { peer: holder, joined } = await connectRaw(reader, 'holder')
    holder.hello()
    await joined
    // In which order they are asked for: verified they are side by side, so the order of their ends says little.
    const asked: number[] = []
    holder.onMessage = ({ request }) => {
      if (request === undefined) return
      const index = cids.indexOf(CID.decode(request.cid).toString())
      asked.push(index)
      const { id, offset, length } = request
      const data = blocks[index]?.bytes.subarray(offset, length === 0 ? MIB : offset + length) ?? new Uint8Array()
      holder.sendPiece({ id, offset, size: MIB, data })
    }
    holder.send({ bitfield: { root: cidBytes(ROOT), bits: allBits(cids.length) } })
    await seen(reader, cids[0] ?? '', 1)
    await Promise.all(cids.map((cid) => reader.swarm.fetch(cid)))
    expect(asked).toEqual(asked.toSorted((a, b) => a - b))
    expect(asked.length).toBeGreaterThan(cids.length)
  })

  it('is not misled by a wrong size in a manifest', async () => {
    const blocks = await testBlocks(2, 200_000)
    const [seed, reader] = [await make('seed', blocks), await make('reader')]
    const cids = blocks.map(({ cid }) => cid)
    await knowing(blocks, seed)
    await reader.swarm.addVersion(ROOT, cids, [100, MIB])
    await connect(reader, seed)
    await seen(reader, cids[0] ?? '', 1)
    for (const { cid, bytes } of blocks) expect(same((await reader.swarm.fetch(cid)).bytes, bytes)).toBe(true)
    expect(reader.swarm.isBanned('seed')).toBe(false)
  })

  it('joins fetches of one block, and gives the same bytes', async () => {
    const [block] = (await testBlocks(1, MIB)) as [TestBlock]
    const [seed, reader] = [await make('seed', [block]), await make('reader')]
    await knowing([block], seed, reader)
    await connect(reader, seed)
    const [one, two] = await Promise.all([reader.swarm.fetch(block.cid), reader.swarm.fetch(block.cid)])
    expect(one.bytes).toBe(two.bytes)
    expect(seed.swarm.counters.uploaded).toBe(MIB)
  })

  it('takes the parts of one piece from three holders', async () => {
    const [block] = (await testBlocks(1, MIB)) as [TestBlock]
    const holders = [await make('a', [block]), await make('b', [block]), await make('c', [block])]
    const reader = await make('reader')
    await knowing([block], reader, ...holders)
    for (const holder of holders) await connect(reader, holder)
    await seen(reader, block.cid, 3)
    const got = await reader.swarm.fetch(block.cid, { size: MIB })
    expect(same(got.bytes, block.bytes)).toBe(true)
    expect(got.peers.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('does not miss a holder that is cut off in the middle', async () => {
    const blocks = await testBlocks(12, MIB)
    const holders = [await make('a', blocks), await make('b', blocks), await make('c', blocks)]
    const reader = await make('reader')
    await knowing(blocks, reader, ...holders)
    for (const holder of holders) await connect(reader, holder)
    await seen(reader, blocks[0]?.cid ?? '', 3)
    const all = Promise.all(blocks.map(({ cid }) => reader.swarm.fetch(cid)))
    // Who gives how much is not said: whoever is nearer by chance gives more.
    const gone = await Promise.race(
      holders.map(async ({ id, swarm }) => {
        await until(swarm, () => swarm.counters.uploaded > MIB / 2)
        return id
      }),
    )
    reader.swarm.removePeer(gone)
    const got = await all
    for (const [at, { bytes }] of got.entries()) expect(same(bytes, blocks[at]?.bytes ?? bytes)).toBe(true)
    const givers = new Set(got.flatMap(({ peers }) => peers))
    expect(givers.size).toBeGreaterThan(1)
    expect(givers).toContain(gone)
    expect(reader.swarm.isBanned(gone)).toBe(false)
  })

  it('says at once that nobody has a piece', async () => {
    const blocks = await testBlocks(2, 1000)
    const [empty, reader] = [await make('empty'), await make('reader')]
    await knowing(blocks, empty, reader)
    await expect(reader.swarm.fetch(blocks[0]?.cid ?? '')).rejects.toMatchObject({ reason: 'missing' })
    await connect(reader, empty)
    await expect(reader.swarm.fetch(blocks[0]?.cid ?? '')).rejects.toMatchObject({ reason: 'missing' })
    await expect(reader.swarm.fetch('nonsense')).rejects.toMatchObject({ name: 'ValidationError' })
  })

  it('goes on to the next holder when one has evicted what it advertised', async () => {
    const blocks = await testBlocks(4, 200_000)
    const [forgetful, seed, reader] = [
      await make('forgetful', blocks),
      await make('seed', blocks),
      await make('reader'),
    ]
    await knowing(blocks, forgetful, seed, reader)
    await connect(reader, forgetful)
    await connect(reader, seed)
    await seen(reader, blocks[0]?.cid ?? '', 2)
    await forgetful.store.clear()
    for (const { cid, bytes } of blocks) expect(same((await reader.swarm.fetch(cid)).bytes, bytes)).toBe(true)
    reader.swarm.removePeer('seed')
    await until(reader.swarm, () => reader.swarm.peers.length === 1)
    await reader.swarm.stop()
  })

  it('asks one peer after the other for a block of no version', async () => {
    const block = await testBlock(400_000, 9)
    const [a, b, reader] = [await make('a'), await make('b', [block]), await make('reader')]
    await connect(reader, a)
    await connect(reader, b)
    const got = await reader.swarm.fetch(block.cid)
    expect(same(got.bytes, block.bytes)).toBe(true)
    expect(got.peers).toEqual(['b'])
    const other = await testBlock(10, 10)
    await expect(reader.swarm.fetch(other.cid)).rejects.toMatchObject({ reason: 'missing' })
  })

  it('asks a peer of last resort only for what nobody else has', async () => {
    const blocks = await testBlocks(4, 100_000)
    const [relay, visitor, reader] = [
      await make('relay', blocks, { lastResort: true }),
      await make('visitor', blocks.slice(0, 3)),
      await make('reader'),
    ]
    await knowing(blocks, relay, visitor, reader)
    await connect(reader, relay)
    await connect(reader, visitor)
    await seen(reader, blocks[0]?.cid ?? '', 2)
    const got = await Promise.all(blocks.map(({ cid }) => reader.swarm.fetch(cid)))
    expect(got.map(({ peers }) => peers)).toEqual([['visitor'], ['visitor'], ['visitor'], ['relay']])
    expect(relay.swarm.counters.uploaded).toBe(100_000)
  })

  it('leaves peers of last resort out when told to', async () => {
    const blocks = await testBlocks(1, 1000)
    const [relay, reader] = [await make('relay', blocks, { lastResort: true }), await make('reader')]
    await knowing(blocks, relay, reader)
    await connect(reader, relay)
    await seen(reader, blocks[0]?.cid ?? '', 1)
    await expect(reader.swarm.fetch(blocks[0]?.cid ?? '', { lastResort: false })).rejects.toMatchObject({
      reason: 'missing',
    })
  })

  it('downloads everything in the background and passes it on', async () => {
    const blocks = await testBlocks(20, 150_000)
    const cids = blocks.map(({ cid }) => cid)
    const [seed, middle, last] = [await make('seed', blocks), await make('middle'), await make('last')]
    await knowing(blocks, seed, middle, last)
    await connect(middle, seed)
    await connect(last, middle)
    const waitedFor: string[] = []
    last.swarm.addEventListener('piece', ({ detail: { cid, background } }) => {
      if (!background) waitedFor.push(cid)
    })
    const all = Promise.all([middle.swarm.prefetch(cids), last.swarm.prefetch(cids)])
    await seen(last, cids[0] ?? '', 1)
    await last.swarm.fetch(cids[0] ?? '')
    await all
    expect(waitedFor).toEqual(cids.slice(0, 1))
    expect(await last.store.hasMany(cids)).toEqual(cids.map(() => true))
    expect(last.swarm.counters.downloaded).toBe(20 * 150_000)
    expect(seed.swarm.counters.uploaded).toBe(20 * 150_000)
  })

  it('makes no reader wait for the disk, and gets what it read too fast once more when it is to hold it', async () => {
    const blocks = await Promise.all(
      Array.from({ length: MAX_UNSTORED_BYTES / MAX_BLOCK_BYTES + 2 }, async (_, at) => {
        const bytes = new Uint8Array(MAX_BLOCK_BYTES).fill(at)
        return { cid: CID.createV1(raw.code, await sha256.digest(bytes)).toString(), bytes }
      }),
    )
    const cids = blocks.map(({ cid }) => cid)
    const [seed, reader] = [await make('seed', blocks), await make('reader')]
    const disk = Promise.withResolvers<undefined>()
    const put = reader.store.put.bind(reader.store)
    reader.store.put = async (batch) => {
      await disk.promise
      await put(batch)
    }
    await knowing(blocks, seed, reader)
    await connect(reader, seed)
    await seen(reader, cids[0] ?? '', 1)
    const all = reader.swarm.prefetch(cids)
    for (const cid of cids) await reader.swarm.fetch(cid)
    expect(cids.filter((cid) => reader.swarm.unstored(cid) === undefined)).toHaveLength(2)
    disk.resolve(undefined)
    await all
    await reader.swarm.stop()
    expect(await reader.store.hasMany(cids)).toEqual(cids.map(() => true))
  })

  it('asks peers of last resort in the background only when told to', async () => {
    const blocks = await testBlocks(6, 1000)
    const cids = blocks.map(({ cid }) => cid)
    const [relay, visitor] = [await make('relay', blocks, { lastResort: true }), await make('visitor', blocks.slice(4))]
    const reader = await make('reader')
    await knowing(blocks, relay, visitor, reader)
    await connect(reader, relay)
    await connect(reader, visitor)
    await seen(reader, cids[0] ?? '', 1)
    await seen(reader, cids[5] ?? '', 2)
    expect(reader.swarm.availability(cids[0] ?? '', { lastResort: false })).toBe(0)
    expect(reader.swarm.availability(cids[5] ?? '', { lastResort: false })).toBe(1)
    const visitorsOnly = reader.swarm.prefetch(cids, { lastResort: false })
    await until(reader.swarm, () => reader.swarm.counters.downloaded === 2000)
    expect(relay.swarm.counters.uploaded).toBe(0)
    await reader.swarm.prefetch(cids)
    await visitorsOnly
    expect([relay, visitor].map(({ swarm }) => swarm.counters.uploaded)).toEqual([4000, 2000])
  })

  it('stops a background download', async () => {
    const blocks = await testBlocks(2, 1000)
    const reader = await make('reader')
    await knowing(blocks, reader)
    const stop = new AbortController()
    const all = reader.swarm.prefetch(
      blocks.map(({ cid }) => cid),
      { signal: stop.signal },
    )
    stop.abort()
    await expect(all).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('tells peers what came another way', async () => {
    const blocks = await testBlocks(1, 1000)
    const [cid] = blocks.map((block) => block.cid) as [string]
    const [holder, reader] = [await make('holder'), await make('reader')]
    await knowing(blocks, holder, reader)
    await connect(reader, holder)
    await holder.store.put(blocks.map((block) => ({ ...block, site: 'site' })))
    await holder.swarm.stored([cid])
    await seen(reader, cid, 1)
    expect((await reader.swarm.fetch(cid)).peers).toEqual(['holder'])
  })

  it('answers a subscription to a version that it learns only later', async () => {
    const blocks = await testBlocks(1, 1000)
    const [cid] = blocks.map((block) => block.cid) as [string]
    const [holder, reader] = [await make('holder', blocks), await make('reader')]
    await knowing(blocks, reader)
    await connect(reader, holder)
    await knowing(blocks, holder)
    await seen(reader, cid, 1)
    reader.swarm.removeVersion(ROOT)
    expect(reader.swarm.availability(cid)).toBe(0)
  })

  it('serves nobody while uploads are paused, and again afterwards', async () => {
    const blocks = await testBlocks(1, 1000)
    const [cid] = blocks.map((block) => block.cid) as [string]
    const [holder, reader] = [await make('holder', blocks), await make('reader')]
    await knowing(blocks, holder, reader)
    holder.swarm.pauseUploads(true)
    await connect(reader, holder)
    await seen(reader, cid, 1)
    const stop = new AbortController()
    const refused = reader.swarm.fetch(cid, { signal: stop.signal })
    await until(reader.swarm, () => reader.swarm.peers[0]?.chokes === true)
    expect(holder.swarm.counters.uploaded).toBe(0)
    stop.abort()
    await expect(refused).rejects.toMatchObject({ name: 'AbortError' })
    holder.swarm.pauseUploads(false)
    await until(reader.swarm, () => reader.swarm.peers[0]?.chokes === false)
    expect((await reader.swarm.fetch(cid)).peers).toEqual(['holder'])
  })

  it('delivers a piece that can not be stored', async () => {
    const blocks = await testBlocks(1, 1000)
    const [cid] = blocks.map((block) => block.cid) as [string]
    const [holder, reader] = [await make('holder', blocks), await make('reader')]
    reader.store.put = () => Promise.reject(new Error('disk on fire'))
    await knowing(blocks, holder, reader)
    await connect(reader, holder)
    const failed = new Promise((resolve) => reader.swarm.addEventListener('store:error', resolve, { once: true }))
    expect((await reader.swarm.fetch(cid)).peers).toEqual(['holder'])
    await failed
  })

  it('keeps one of two streams that both sides opened at once', async () => {
    const blocks = await testBlocks(1, 1000)
    const [a, b] = [await make('a', blocks), await make('b')]
    await knowing(blocks, a, b)
    await Promise.all([connect(a, b), connect(b, a)])
    await until(a.swarm, () => a.swarm.peers[0]?.direction === 'outbound')
    await until(b.swarm, () => b.swarm.peers[0]?.direction === 'inbound')
    await seen(b, blocks[0]?.cid ?? '', 1)
    expect((await b.swarm.fetch(blocks[0]?.cid ?? '')).peers).toEqual(['a'])
  })
})
