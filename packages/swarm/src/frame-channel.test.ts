import { streamPair } from '@libp2p/utils'
import { afterEach, describe, expect, it } from 'vitest'
import { Uint8ArrayList } from 'uint8arraylist'
import { PIECE_MESSAGE_BYTES, ValidationError } from '@blackhole/protocol'
import { MAX_STRIKES, MAX_TIME_OUT_MS } from './bans.ts'
import { encodeFrame } from './frame-writer.ts'
import { allBits, connectRaw, RawPeer } from './raw-peer.ts'
import { testBlocks, testSwarm, until } from './swarm-harness.ts'
import type { FrameChannel, FrameChannelHandler } from './frame-channel.ts'
import type { TestSwarm } from './swarm-harness.ts'

const ROOT = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

/** One end of a channel in memory: what is sent arrives at the other end in the next task, as messages do. */
class MemoryChannel implements FrameChannel {
  other: MemoryChannel | undefined
  handler: FrameChannelHandler | undefined
  sentBytes = 0
  readonly bufferedBytes = 0
  readonly needsDrain = false
  roomBytes = Infinity
  largestBytes = 0

  static pair(): [MemoryChannel, MemoryChannel] {
    const [one, two] = [new MemoryChannel(), new MemoryChannel()]
    one.other = two
    two.other = one
    return [one, two]
  }

  listen(handler: FrameChannelHandler): void {
    this.handler = handler
  }

  send(frames: Uint8ArrayList): void {
    const bytes = frames.slice()
    this.sentBytes += bytes.byteLength
    this.largestBytes = Math.max(this.largestBytes, bytes.byteLength)
    setTimeout(() => this.other?.handler?.onFrames(bytes), 0)
  }
}

const swarms: TestSwarm[] = []

async function swarm(...args: Parameters<typeof testSwarm>): Promise<TestSwarm> {
  const made = await testSwarm(...args)
  swarms.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(({ swarm }) => swarm.stop()))
})

describe('frames beside a stream', () => {
  it('carry everything but the hellos when both sides can', async () => {
    const blocks = await testBlocks(3, 300_000)
    const pieces = blocks.map(({ cid }) => cid)
    const [holder, reader] = [await swarm('a', blocks), await swarm('b')]
    const [outbound, inbound] = await streamPair()
    const [near, far] = MemoryChannel.pair()
    let throughStream = 0
    inbound.addEventListener('message', ({ data }) => {
      throughStream += data.byteLength
    })
    await Promise.all([
      holder.swarm.addStream({ peer: 'b', stream: outbound, direction: 'outbound', frameChannel: near }),
      reader.swarm.addStream({ peer: 'a', stream: inbound, direction: 'inbound', frameChannel: far }),
    ])
    await Promise.all([holder.swarm.addVersion(ROOT, pieces), reader.swarm.addVersion(ROOT, pieces)])
    await until(reader.swarm, () => pieces.every((cid) => reader.swarm.availability(cid) === 1))
    for (const { cid, bytes } of blocks) expect((await reader.swarm.fetch(cid)).bytes).toEqual(bytes)
    expect(near.sentBytes).toBeGreaterThan(900_000)
    expect(far.sentBytes).toBeGreaterThan(0)
    expect(throughStream).toBeLessThan(1_000)
  })

  it('are handed over a message at a time where the channel has little room', async () => {
    const [block] = await testBlocks(1, 1024 * 1024)
    if (block === undefined) throw new Error('There is no block')
    const handed = async (roomBytes: number): Promise<number> => {
      const [holder, reader] = [await swarm('a', [block]), await swarm('b')]
      const [outbound, inbound] = await streamPair()
      const [near, far] = MemoryChannel.pair()
      near.roomBytes = roomBytes
      await Promise.all([
        holder.swarm.addStream({ peer: 'b', stream: outbound, direction: 'outbound', frameChannel: near }),
        reader.swarm.addStream({ peer: 'a', stream: inbound, direction: 'inbound', frameChannel: far }),
      ])
      await reader.swarm.fetch(block.cid)
      return near.largestBytes
    }
    expect(await handed(Infinity)).toBeGreaterThan(2 * PIECE_MESSAGE_BYTES)
    for (const roomBytes of [0, 10_000]) expect(await handed(roomBytes)).toBeLessThan(1.1 * PIECE_MESSAGE_BYTES)
  })

  it('stay unused when the other side has no channel', async () => {
    const [block] = await testBlocks(1, 100_000)
    if (block === undefined) throw new Error('There is no block')
    const [holder, reader] = [await swarm('a', [block]), await swarm('b')]
    const [outbound, inbound] = await streamPair()
    const [near] = MemoryChannel.pair()
    await Promise.all([
      holder.swarm.addStream({ peer: 'b', stream: outbound, direction: 'outbound', frameChannel: near }),
      reader.swarm.addStream({ peer: 'a', stream: inbound, direction: 'inbound' }),
    ])
    expect((await reader.swarm.fetch(block.cid)).bytes).toEqual(block.bytes)
    expect(near.sentBytes).toBe(0)
  })

  it('that overtake the hello wait for it', async () => {
    const { peer, far, reader, joined } = await greeted()
    far.send(new Uint8ArrayList(encodeFrame({ bitfield: { root: new Uint8Array([1]), bits: allBits(1) } })))
    far.send(new Uint8ArrayList(encodeFrame({ choke: { choked: true } })))
    await new Promise((resolve) => setTimeout(resolve, 10))
    peer.send({ hello: { version: 1, site: 'site', token: 'token', lastResort: false, frameChannel: true } })
    await joined
    await until(reader.swarm, () => reader.swarm.peers[0]?.chokes === true)
  })

  it('are bounded before the hello', async () => {
    const { peer, far, joined } = await greeted()
    for (let sent = 0; sent < 20; sent += 1) far.send(new Uint8ArrayList(new Uint8Array(64 * 1024)))
    await expect(joined).rejects.toThrow(/bytes before a hello/)
    await peer.closed()
  })

  it('end the stream when the channel finds that they are none, or they are empty, and count against the peer', async () => {
    let now = 1_000_000
    const reader = await swarm('b', [], {}, { now: () => now })
    const faults = [
      (near: MemoryChannel) => near.handler?.onFault(new ValidationError('message', 'bytes')),
      (near: MemoryChannel) => near.handler?.onFrames(new Uint8Array(1000)),
    ]
    for (let at = 0; at < MAX_STRIKES; at += 1) {
      const { peer, near, joined } = await greeted(reader)
      peer.send({ hello: { version: 1, site: 'site', token: 'token', lastResort: false, frameChannel: true } })
      await joined
      faults[at % 2]?.(near)
      await peer.closed()
      expect(reader.swarm.peers).toEqual([])
      now += MAX_TIME_OUT_MS
    }
    expect(reader.swarm.isBanned('liar')).toBe(true)
  })

  it('end the stream when they are nonsense, and the peer is sent away for a while', async () => {
    const { peer, far, joined, reader } = await greeted()
    peer.send({ hello: { version: 1, site: 'site', token: 'token', lastResort: false, frameChannel: true } })
    await joined
    far.send(new Uint8ArrayList(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0])))
    await peer.closed()
    expect(reader.swarm.peers).toEqual([])
    expect(reader.swarm.isBanned('liar')).toBe(true)
  })
})

it('a peer without a channel is greeted without one', async () => {
  const reader = await swarm('b')
  const { peer, joined } = await connectRaw(reader, 'plain')
  expect((await peer.next('hello')).frameChannel).toBe(false)
  peer.hello()
  await joined
})

/** A swarm that waits for the hello of a peer with a channel. */
async function greeted(known?: TestSwarm) {
  const reader = known ?? (await swarm('b'))
  const [outbound, inbound] = await streamPair()
  const [near, far] = MemoryChannel.pair()
  const peer = new RawPeer(outbound)
  const joined = reader.swarm.addStream({ peer: 'liar', stream: inbound, direction: 'inbound', frameChannel: near })
  joined.catch(() => undefined)
  expect((await peer.next('hello')).frameChannel).toBe(true)
  return { peer, near, far, reader, joined }
}
