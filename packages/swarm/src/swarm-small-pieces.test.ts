import { streamPair } from '@libp2p/utils'
import { expect, it, vi } from 'vitest'
import { Uint8ArrayList } from 'uint8arraylist'
import { encodeFrame } from './frame-writer.ts'
import { cidBytes, connectRaw } from './raw-peer.ts'
import { knowing, ROOT, same, seen, testBlocks, testSwarm, until } from './swarm-harness.ts'

const PIECES = 320

it('asks for small pieces together, reads them together and sends them together', async () => {
  const blocks = await testBlocks(PIECES, 4096)
  const cids = blocks.map(({ cid }) => cid)
  const [seed, reader] = [await testSwarm('seed', blocks), await testSwarm('reader')]
  const sizes = blocks.map(({ bytes }) => bytes.byteLength)
  await Promise.all([seed, reader].map(({ swarm }) => swarm.addVersion(ROOT, cids, sizes)))
  const [outbound, inbound] = await streamPair()
  const asking = vi.spyOn(outbound, 'send')
  const answering = vi.spyOn(inbound, 'send')
  const reading = vi.spyOn(seed.store, 'getMany')
  await Promise.all([
    reader.swarm.addStream({ peer: 'seed', stream: outbound, direction: 'outbound' }),
    seed.swarm.addStream({ peer: 'reader', stream: inbound, direction: 'inbound' }),
  ])
  await seen(reader, cids.at(-1) ?? '', 1)
  const fetched = await Promise.all(cids.map((cid) => reader.swarm.fetch(cid)))
  expect(fetched.every(({ bytes }, index) => same(bytes, blocks[index]?.bytes ?? new Uint8Array()))).toBe(true)
  // A message, or a read, for each one would make it 320; the hellos and what the reader holds are told, too.
  for (const calls of [asking, answering, reading]) expect(calls.mock.calls.length).toBeLessThan(PIECES / 8)
  await Promise.all([seed.swarm.stop(), reader.swarm.stop()])
})

it('reads ahead no more than some pieces, however many blocks are asked for', async () => {
  const blocks = await testBlocks(12, 1024 * 1024)
  const seed = await testSwarm('seed', blocks, { maxUploadBytesPerSecond: 1 })
  await knowing(blocks, seed)
  const reading = vi.spyOn(seed.store, 'getMany')
  const { peer, joined } = await connectRaw(seed, 'reader')
  peer.hello()
  await joined
  for (const [id, { cid }] of blocks.entries()) peer.send({ request: { id, cid: cidBytes(cid), offset: 0, length: 0 } })
  await peer.settle()
  expect(reading.mock.calls.flatMap(([asked]) => asked)).toHaveLength(3)
  await seed.swarm.stop()
})

it('goes on reading when all that was read is sent', async () => {
  const blocks = await testBlocks(8, 1024 * 1024)
  const seed = await testSwarm('seed', blocks)
  await knowing(blocks, seed)
  const { peer, joined } = await connectRaw(seed, 'reader')
  peer.hello()
  await joined
  // All in one message, and of each a part that fills no turn.
  const requests = blocks.map(({ cid }, id) => ({ id, cid: cidBytes(cid), offset: 0, length: 4096 }))
  peer.stream.send(new Uint8ArrayList(...requests.map((request) => encodeFrame({ request }))))
  await until(seed.swarm, () => seed.swarm.counters.uploaded === 8 * 4096)
  await seed.swarm.stop()
})

it('gives up small pieces that nobody has, whatever else is under way', async () => {
  const blocks = await testBlocks(3, 4096)
  const [there, later, missing] = blocks.map(({ cid }) => cid) as [string, string, string]
  const [seed, reader] = [await testSwarm('seed', blocks.slice(0, 2)), await testSwarm('reader')]
  await knowing(blocks, seed, reader)
  const [outbound, inbound] = await streamPair()
  await Promise.all([
    reader.swarm.addStream({ peer: 'seed', stream: outbound, direction: 'outbound' }),
    seed.swarm.addStream({ peer: 'reader', stream: inbound, direction: 'inbound' }),
  ])
  await seen(reader, there, 1)
  await Promise.all([there, later].map((cid) => reader.swarm.fetch(cid)))
  // At once, though nothing happens that would be a reason to look at all that is waited for.
  let failed = false
  reader.swarm.fetch(missing).catch(() => (failed = true))
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  expect(failed).toBe(true)
  // A peer that told us what it holds, and leaves, ends the wait of those who asked it.
  const { peer, joined } = await connectRaw(reader, 'other')
  peer.claimAll(blocks.length)
  peer.hello()
  await joined
  await seen(reader, missing, 1)
  const waiting = reader.swarm.fetch(missing)
  await peer.next('request')
  peer.stream.abort(new Error('gone'))
  await expect(waiting).rejects.toMatchObject({ reason: 'missing' })
  await Promise.all([seed.swarm.stop(), reader.swarm.stop()])
})
