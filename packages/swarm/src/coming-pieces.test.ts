import { afterEach, expect, it } from 'vitest'
import { COMING_MS, MAX_COMING } from './coming-pieces.ts'
import { cidBytes, connectRaw } from './raw-peer.ts'
import { connect, knowing, ROOT, same, seen, testBlocks, testSwarm, until } from './swarm-harness.ts'
import type { TestSwarm } from './swarm-harness.ts'

const swarms: TestSwarm[] = []

async function make(...args: Parameters<typeof testSwarm>): Promise<TestSwarm> {
  const made = await testSwarm(...args)
  swarms.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(({ swarm }) => swarm.stop()))
})

it('knows what a peer is getting until it holds it, gives it up, or takes too long', async () => {
  const blocks = await testBlocks(3, 1000)
  const cids = blocks.map(({ cid }) => cid)
  let now = 1_000_000
  const getter = await make('getter')
  const reader = await make('reader', [], {}, { now: () => now })
  await knowing(blocks, getter, reader)
  await connect(reader, getter)
  const coming = (): boolean[] => cids.map((cid) => reader.swarm.isComing(cid))
  // The reader's subscription comes before it.
  await until(reader.swarm, () => {
    getter.swarm.fetching(cids, false)
    return coming().every(Boolean)
  })
  await getter.store.put(blocks.slice(0, 1).map(({ cid, bytes }) => ({ cid, bytes, site: 'site' })))
  await getter.swarm.stored(cids.slice(0, 1))
  getter.swarm.fetching(cids.slice(1, 2), true)
  await until(reader.swarm, () => !coming().slice(0, 2).some(Boolean))
  expect(coming()).toEqual([false, false, true])
  expect(reader.swarm.availability(cids[0] ?? '')).toBe(1)
  now += COMING_MS + 1
  expect(coming()).toEqual([false, false, false])
})

it('tells who comes later what it is getting, and not what it has or has given up; a choked one believes it too', async () => {
  const blocks = await testBlocks(4, 1000)
  const cids = blocks.map(({ cid }) => cid)
  let now = 1_000_000
  const getter = await make('getter', [], {}, { now: () => now })
  const reader = await make('reader', [], {}, { now: () => now })
  await knowing(blocks, getter, reader)
  getter.swarm.fetching(cids.slice(3), false)
  now += COMING_MS + 1
  getter.swarm.fetching(cids.slice(0, 3), false)
  await getter.store.put(blocks.slice(0, 1).map(({ cid, bytes }) => ({ cid, bytes, site: 'site' })))
  await getter.swarm.stored(cids.slice(0, 1))
  getter.swarm.fetching(cids.slice(1, 2), true)
  await connect(reader, getter)
  await until(reader.swarm, () => reader.swarm.isComing(cids[2] ?? ''))
  expect(cids.map((cid) => reader.swarm.isComing(cid))).toEqual([false, false, true, false])
  getter.swarm.pauseUploads(true)
  await until(reader.swarm, () => reader.swarm.peers[0]?.chokes === true)
  expect(reader.swarm.isComing(cids[2] ?? '')).toBe(true)
})

it('waits for a piece that nobody has when told to, and gets it from who has it first', async () => {
  const [block] = await testBlocks(1, 1000)
  if (block === undefined) throw new Error('no block')
  const [getter, reader] = [await make('getter'), await make('reader')]
  await knowing([block], getter, reader)
  await connect(reader, getter)
  const patient = reader.swarm.fetch(block.cid, { patient: true })
  await expect(make('alone').then(({ swarm }) => swarm.fetch(block.cid))).rejects.toThrow(block.cid)
  await getter.store.put([{ ...block, site: 'site' }])
  await getter.swarm.stored([block.cid])
  expect(same((await patient).bytes, block.bytes)).toBe(true)
})

it('ends a patient wait when the piece has come into the store another way', async () => {
  const [block] = await testBlocks(1, 1000)
  const cid = block?.cid ?? ''
  const reader = await make('reader')
  await knowing(block === undefined ? [] : [block], reader)
  const patient = reader.swarm.fetch(cid, { patient: true })
  await reader.swarm.stored([cid])
  await expect(patient).rejects.toMatchObject({ reason: 'missing' })
})

it('fetches no further what has come into the store another way, and whoever waits is told to look there', async () => {
  const blocks = await testBlocks(2, 300_000)
  // 40 KB a second: it would take 15 s.
  const [holder, reader] = [await make('holder', blocks, { maxUploadBytesPerSecond: 40_000 }), await make('reader')]
  await knowing(blocks, holder, reader)
  await connect(reader, holder)
  const cids = blocks.map(({ cid }) => cid)
  await seen(reader, cids[1] ?? '', 1)
  const waiting = reader.swarm.fetch(cids[0] ?? '')
  const background = reader.swarm.prefetch(cids.slice(1))
  await until(holder.swarm, () => holder.swarm.counters.uploaded > 0)
  await reader.store.put(blocks.map((block) => ({ ...block, site: 'site' })))
  await reader.swarm.stored(cids)
  await expect(waiting).rejects.toMatchObject({ reason: 'missing' })
  await background
  expect(holder.swarm.counters.uploaded).toBeLessThan(300_000)
  expect(reader.swarm.counters.downloaded).toBe(0)
})

it('ends a patient wait with its signal, and with the answer to one that is not patient', async () => {
  const [block] = await testBlocks(1, 1000)
  const cid = block?.cid ?? ''
  const reader = await make('reader')
  const controller = new AbortController()
  const left = reader.swarm.fetch(cid, { patient: true, signal: controller.signal })
  controller.abort()
  await expect(left).rejects.toMatchObject({ name: 'AbortError' })
  const patient = reader.swarm.fetch(cid, { patient: true })
  await expect(reader.swarm.fetch(cid)).rejects.toMatchObject({ reason: 'missing' })
  await expect(patient).rejects.toMatchObject({ reason: 'missing' })
})

it('does not let a peer claim what is not there, or more than anybody reads ahead', async () => {
  const blocks = await testBlocks(MAX_COMING + 10, 10)
  const reader = await make('reader')
  await knowing(blocks, reader)
  const { peer, joined } = await connectRaw(reader, 'liar')
  peer.hello()
  await joined
  const claim = (pieces: number[]): void => peer.send({ coming: { root: cidBytes(ROOT), pieces, over: false } })
  const claimed = (): number => blocks.filter(({ cid }) => reader.swarm.isComing(cid)).length
  for (let at = 0; at < blocks.length; at++) claim([at])
  await until(reader.swarm, () => reader.swarm.isComing(blocks.at(-1)?.cid ?? ''))
  expect(claimed()).toBe(MAX_COMING)
  const gone = until(reader.swarm, () => reader.swarm.peers.length === 0)
  claim(Array.from({ length: MAX_COMING + 1 }, (_, at) => at))
  await gone
  expect(claimed()).toBe(0)
})
