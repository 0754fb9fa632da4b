import { afterEach, describe, expect, it } from 'vitest'
import { MAX_OPEN_REQUESTS, MAX_SUBSCRIBED_ROOTS, PIECE_MESSAGE_BYTES, RejectReason } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'
import { MAX_TIME_OUT_MS, TIME_OUT_MS } from './bans.ts'
import { MAX_FUTILE_REQUESTS } from './conduct.ts'
import { allBits, cidBytes, connectRaw } from './raw-peer.ts'
import { connect, testBlock, testBlocks, testSwarm, until } from './swarm-harness.ts'
import type { RawPeer } from './raw-peer.ts'
import type { BannedPeer } from './swarm-events.ts'
import type { TestSwarm } from './swarm-harness.ts'

const ROOT = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const ROOT_BYTES = cidBytes(ROOT)
const swarms: TestSwarm[] = []

async function make(...args: Parameters<typeof testSwarm>): Promise<TestSwarm> {
  const made = await testSwarm(...args)
  swarms.push(made)
  return made
}

/** Who is sent away from now on. */
function bansOf({ swarm }: TestSwarm): BannedPeer[] {
  const found: BannedPeer[] = []
  swarm.addEventListener('peer:ban', ({ detail }) => found.push(detail))
  return found
}

/** A raw peer that has joined. */
async function join(to: TestSwarm, id = 'stranger'): Promise<RawPeer> {
  const { peer, joined } = await connectRaw(to, id)
  peer.hello()
  await joined
  return peer
}

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(({ swarm }) => swarm.stop()))
})

describe('A greeting', () => {
  it.each([
    ['another site', 'other', 'token', 1, 'ValidationError'],
    ['another version', 'site', 'token', 2, 'ValidationError'],
    ['a bad token', 'site', 'bad', 1, 'Error'],
  ])('with %s ends the stream', async (_what, site, token, version, name) => {
    const swarm = await make('us')
    const { peer, joined } = await connectRaw(swarm, 'stranger')
    peer.hello(site, token, version)
    await expect(joined).rejects.toMatchObject({ name })
    await peer.closed()
    expect(swarm.swarm.peers).toEqual([])
  })

  it('must be the first message', async () => {
    const swarm = await make('us')
    const { peer, joined } = await connectRaw(swarm, 'stranger')
    peer.send({ request: { id: 1, cid: ROOT_BYTES, offset: 0, length: 0 } })
    await expect(joined).rejects.toMatchObject({ name: 'ValidationError' })
    await peer.closed()
  })

  it('must come in time', async () => {
    const swarm = await make('us', [], { helloTimeoutMs: 20 })
    const { peer, joined } = await connectRaw(swarm, 'stranger')
    await expect(joined).rejects.toMatchObject({ name: 'DeadlineError' })
    await peer.closed()
  })

  it('must be verified in time', async () => {
    const swarm = await make('us', [], { helloTimeoutMs: 20 }, { verifyToken: () => new Promise(() => undefined) })
    const { peer, joined } = await connectRaw(swarm, 'stranger')
    peer.hello()
    await expect(joined).rejects.toMatchObject({ name: 'DeadlineError' })
    await peer.closed()
  })

  it('comes once', async () => {
    const swarm = await make('us')
    const peer = await join(swarm)
    peer.hello()
    await peer.closed()
  })

  it('is refused when there are enough peers', async () => {
    const swarm = await make('us', [], { maxPeers: 1 })
    await join(swarm, 'one')
    const { peer, joined } = await connectRaw(swarm, 'two')
    await expect(joined).rejects.toMatchObject({ name: 'LimitError' })
    await peer.closed()
  })
})

describe('A peer', () => {
  it('that announces an oversized message is cut off before the message comes', async () => {
    const swarm = await make('us')
    const peer = await join(swarm)
    peer.stream.send(new Uint8Array([0xff, 0xff, 0xff, 0x7f, 1, 2, 3]))
    await peer.closed()
    expect(swarm.swarm.peers).toEqual([])
  })

  it('that sends nonsense is cut off, each time for longer, and for good when it keeps coming back', async () => {
    let now = 1_000_000
    const swarm = await make('us', [], {}, { now: () => now })
    const bans = bansOf(swarm)
    for (let at = 0; at < 8; at += 1) {
      const peer = await join(swarm)
      peer.hello()
      await peer.closed()
      expect(swarm.swarm.isBanned('stranger')).toBe(true)
      now += MAX_TIME_OUT_MS
      expect(swarm.swarm.isBanned('stranger')).toBe(at === 7)
    }
    expect(bans.slice(0, 2)).toEqual([
      { peer: 'stranger', reason: 'invalid', forMs: TIME_OUT_MS },
      { peer: 'stranger', reason: 'invalid', forMs: 2 * TIME_OUT_MS },
    ])
  })

  it('that lacks one large piece is not sent away for each request of it', async () => {
    const [large, ...given] = await testBlocks(5, 1024 * 1024)
    if (large === undefined) throw new Error('There are no blocks')
    // What is given shows a fast line, so that all of a piece is asked for at once.
    let now = 1_000_000
    const swarm = await make('us', [], {}, { now: () => now })
    const bans = bansOf(swarm)
    const blocks = [large, ...given]
    await swarm.swarm.addVersion(
      ROOT,
      blocks.map(({ cid }) => cid),
      blocks.map(({ bytes }) => bytes.byteLength),
    )
    const peer = await join(swarm, 'evicting')
    let refused = 0
    peer.onMessage = ({ request }) => {
      if (request === undefined) return
      const { id, cid, offset, length } = request
      const block = given.find((other) => Buffer.from(cid).equals(cidBytes(other.cid)))
      if (block !== undefined) {
        const end = offset + length
        for (let at = offset; at < end; at += PIECE_MESSAGE_BYTES) {
          now += 5
          const data = block.bytes.subarray(at, at + PIECE_MESSAGE_BYTES)
          peer.sendPiece({ id, offset: at, size: 1024 * 1024, data })
        }
        return
      }
      refused += 1
      peer.send({ reject: { id, reason: RejectReason.REJECT_NOT_FOUND } })
    }
    peer.send({ bitfield: { root: ROOT_BYTES, bits: allBits(blocks.length) } })
    await until(swarm.swarm, () => swarm.swarm.availability(large.cid) > 0)
    for (const { cid } of given) await swarm.swarm.fetch(cid)
    await expect(swarm.swarm.fetch(large.cid)).rejects.toMatchObject({ reason: 'missing' })
    await peer.settle()
    expect(refused).toBeGreaterThan(4)
    expect(bans).toEqual([])
  })

  it('that lacks what it announced is sent away for a while; one whose store evicted some of much is not', async () => {
    let now = 1_000_000
    const blocks = await testBlocks(40, 10)
    const cids = blocks.map(({ cid }) => cid)
    const swarm = await make('us', [], {}, { now: () => now })
    const bans = bansOf(swarm)
    await swarm.swarm.addVersion(
      ROOT,
      cids,
      blocks.map(({ bytes }) => bytes.byteLength),
    )
    /** A peer that has each piece for which this says so, and says that it has all. */
    const holder = async (id: string, has: (at: number) => boolean): Promise<RawPeer> => {
      const peer = await join(swarm, id)
      peer.onMessage = ({ request }) => {
        if (request === undefined) return
        const at = cids.indexOf(CID.decode(request.cid).toString())
        const data = blocks[at]?.bytes ?? new Uint8Array(0)
        if (has(at)) peer.sendPiece({ id: request.id, offset: 0, size: data.byteLength, data })
        else peer.send({ reject: { id: request.id, reason: RejectReason.REJECT_NOT_FOUND } })
      }
      peer.send({ bitfield: { root: ROOT_BYTES, bits: allBits(40) } })
      await until(swarm.swarm, () => swarm.swarm.availability(cids[39] ?? '') > 0)
      return peer
    }
    const evicting = await holder('evicting', (at) => at % 3 !== 0)
    for (const cid of cids) await swarm.swarm.fetch(cid).catch(() => undefined)
    await evicting.settle()
    expect(bans).toEqual([])
    swarm.swarm.removePeer('evicting')
    await until(swarm.swarm, () => swarm.swarm.peers.length === 0)
    const liar = await holder('liar', () => false)
    const left = cids.filter((_, at) => at % 3 === 0)
    for (const cid of left) await swarm.swarm.fetch(cid).catch(() => undefined)
    await liar.closed()
    expect(bans).toEqual([{ peer: 'liar', reason: 'lack', forMs: TIME_OUT_MS }])
    now += TIME_OUT_MS
    expect(swarm.swarm.isBanned('liar')).toBe(false)
  })

  it('that asks in vain all the time is sent away, and one that asks for a window of small files is not', async () => {
    const swarm = await make('us', [], {}, { now: () => 1_000_000 })
    const bans = bansOf(swarm)
    const peer = await join(swarm)
    const asks = async (count: number, from: number): Promise<void> => {
      for (let id = from; id < from + count; id += 1) {
        peer.send({ request: { id, cid: ROOT_BYTES, offset: 0, length: 0 } })
        if (id % 64 === 63) await peer.settle()
      }
    }
    await asks(MAX_FUTILE_REQUESTS, 0)
    await peer.settle()
    expect(bans).toEqual([])
    peer.send({ request: { id: 10_000, cid: ROOT_BYTES, offset: 0, length: 0 } })
    await peer.closed()
    expect(bans).toEqual([{ peer: 'stranger', reason: 'flood', forMs: TIME_OUT_MS }])
  })

  it('that floods with requests is cut off', async () => {
    const block = await testBlock(1000, 1)
    const swarm = await make('us', [block], { maxUploadBytesPerSecond: 1 })
    const bans = bansOf(swarm)
    const peer = await join(swarm)
    swarm.store.get = () => new Promise(() => undefined)
    for (let id = 0; id <= MAX_OPEN_REQUESTS; id += 1)
      peer.send({ request: { id, cid: cidBytes(block.cid), offset: 0, length: 0 } })
    await peer.closed()
    expect(swarm.swarm.peers).toEqual([])
    expect(bans).toEqual([{ peer: 'stranger', reason: 'flood', forMs: TIME_OUT_MS }])
  })

  it('that subscribes to too many versions is cut off', async () => {
    const swarm = await make('us')
    const peer = await join(swarm)
    const blocks = await testBlocks(MAX_SUBSCRIBED_ROOTS + 1, 10)
    for (const { cid } of blocks) peer.send({ subscribe: { root: cidBytes(cid) } })
    await peer.closed()
  })

  it('gets the same bitfield once a second, and is banned when it asks for more', async () => {
    let now = 1_000_000
    const blocks = await testBlocks(12, 10)
    const swarm = await make('us', blocks, {}, { now: () => now })
    await swarm.swarm.addVersion(
      ROOT,
      blocks.map(({ cid }) => cid),
    )
    const peer = await join(swarm)
    const ask = async (): Promise<number> => {
      peer.messages.length = 0
      for (let at = 0; at < 3; at += 1) peer.send({ subscribe: { root: ROOT_BYTES } })
      peer.send({ request: { id: now, cid: ROOT_BYTES, offset: 0, length: 0 } })
      await peer.next('reject')
      return peer.messages.filter(({ bitfield }) => bitfield !== undefined).length
    }
    for (let second = 0; second < 3; second += 1) {
      expect(await ask()).toBe(1)
      now += 1_000
    }
    expect(swarm.swarm.isBanned('stranger')).toBe(false)
    for (let at = 0; at < 3; at += 1) peer.send({ subscribe: { root: ROOT_BYTES } })
    await peer.closed()
    expect(swarm.swarm.isBanned('stranger')).toBe(true)
  })

  it('gets only ranges that are there', async () => {
    const block = await testBlock(1000, 1)
    const other = await testBlock(10, 2)
    const swarm = await make('us', [block])
    const peer = await join(swarm)
    peer.send({ request: { id: 1, cid: cidBytes(block.cid), offset: 1000, length: 1 } })
    expect(await peer.next('reject')).toEqual({ id: 1, reason: RejectReason.REJECT_INVALID })
    peer.messages.length = 0
    peer.send({ request: { id: 2, cid: new Uint8Array([1, 2, 3]), offset: 0, length: 1 } })
    expect(await peer.next('reject')).toEqual({ id: 2, reason: RejectReason.REJECT_INVALID })
    peer.messages.length = 0
    peer.send({ request: { id: 3, cid: cidBytes(other.cid), offset: 0, length: 0 } })
    expect(await peer.next('reject')).toEqual({ id: 3, reason: RejectReason.REJECT_NOT_FOUND })
    peer.send({ request: { id: 4, cid: cidBytes(block.cid), offset: 900, length: 500 } })
    await until(swarm.swarm, () => swarm.swarm.counters.uploaded === 100)
  })

  it('that asks for what can not be again and again is banned', async () => {
    const block = await testBlock(1000, 1)
    const swarm = await make('us', [block])
    const peer = await join(swarm)
    for (let id = 0; id < 8; id += 1) peer.send({ request: { id, cid: cidBytes(block.cid), offset: 5000, length: 1 } })
    await peer.closed()
    expect(swarm.swarm.isBanned('stranger')).toBe(true)
  })

  it('gets no more of what it cancelled', async () => {
    const blocks = await testBlocks(8, 1024 * 1024)
    const swarm = await make('us', blocks)
    const peer = await join(swarm)
    for (const [id, { cid }] of blocks.entries())
      peer.send({ request: { id, cid: cidBytes(cid), offset: 0, length: 0 } })
    await until(swarm.swarm, () => swarm.swarm.counters.uploaded > 0)
    for (const id of blocks.keys()) peer.send({ cancel: { id } })
    // What follows the cancels is answered next.
    peer.send({ request: { id: 99, cid: ROOT_BYTES, offset: 0, length: 0 } })
    await peer.next('reject')
    expect(swarm.swarm.counters.uploaded).toBeLessThan(4 * 1024 * 1024)
    expect(peer.dataBytes).toBe(swarm.swarm.counters.uploaded)
  })

  it.each([
    ['too short', new Uint8Array(1)],
    ['too long', new Uint8Array(3)],
    ['with spare bits', new Uint8Array([0, 1])],
  ])('that sends a bitfield %s gets a strike', async (_what, bits) => {
    const blocks = await testBlocks(12, 10)
    const swarm = await make('us')
    await swarm.swarm.addVersion(
      ROOT,
      blocks.map(({ cid }) => cid),
    )
    const peer = await join(swarm)
    for (let at = 0; at < 8; at += 1) peer.send({ bitfield: { root: ROOT_BYTES, bits } })
    await peer.closed()
    expect(swarm.swarm.isBanned('stranger')).toBe(true)
    expect(swarm.swarm.availability(blocks[0]?.cid ?? '')).toBe(0)
  })

  it('that says it has a piece that is not in the version gets a strike', async () => {
    const blocks = await testBlocks(3, 10)
    const swarm = await make('us')
    await swarm.swarm.addVersion(
      ROOT,
      blocks.map(({ cid }) => cid),
    )
    const peer = await join(swarm)
    for (let at = 0; at < 8; at += 1) peer.send({ have: { root: ROOT_BYTES, pieces: [3] } })
    await peer.closed()
    expect(swarm.swarm.isBanned('stranger')).toBe(true)
  })

  it.each([
    ['data at another offset', { offset: 5, size: 1000, data: new Uint8Array(10) }],
    ['more data than asked for', { offset: 0, size: 1000, data: new Uint8Array(2000) }],
    ['a block that is too large', { offset: 0, size: 3 * 1024 * 1024, data: new Uint8Array(10) }],
    ['no data', { offset: 0, size: 1000, data: new Uint8Array(0) }],
  ])('that answers with %s is cut off', async (_what, piece) => {
    const blocks = await testBlocks(1, 1000)
    const swarm = await make('us')
    await swarm.swarm.addVersion(
      ROOT,
      blocks.map(({ cid }) => cid),
    )
    const peer = await join(swarm)
    peer.send({ bitfield: { root: ROOT_BYTES, bits: allBits(1) } })
    await until(swarm.swarm, () => swarm.swarm.availability(blocks[0]?.cid ?? '') === 1)
    const fetching = swarm.swarm.fetch(blocks[0]?.cid ?? '')
    const { id } = await peer.next('request')
    peer.sendPiece({ id, ...piece })
    await expect(fetching).rejects.toMatchObject({ reason: 'missing' })
    await peer.closed()
  })

  it('that sends what nobody asked for gets strikes', async () => {
    const swarm = await make('us')
    const peer = await join(swarm)
    for (let id = 1; id <= 8; id += 1) peer.sendPiece({ id, offset: 0, size: 10, data: new Uint8Array(10) })
    await peer.closed()
    expect(swarm.swarm.isBanned('stranger')).toBe(true)
  })

  it('that says another size than the block has is banned, and the block comes from the honest one', async () => {
    const block = await testBlock(300_000, 1)
    const honest = await make('honest', [block])
    const swarm = await make('us')
    await swarm.swarm.addVersion(ROOT, [block.cid])
    await honest.swarm.addVersion(ROOT, [block.cid])
    const liar = await join(swarm, 'liar')
    liar.send({ bitfield: { root: ROOT_BYTES, bits: allBits(1) } })
    await until(swarm.swarm, () => swarm.swarm.availability(block.cid) === 1)
    const fetching = swarm.swarm.fetch(block.cid)
    const { id } = await liar.next('request')
    liar.sendPiece({ id, offset: 0, size: 200_000, data: new Uint8Array(1000) })
    await connect(swarm, honest)
    // The honest peer is asked for another part, and names the true size.
    const got = await fetching
    expect(Buffer.compare(got.bytes, block.bytes)).toBe(0)
    expect(swarm.swarm.isBanned('liar')).toBe(true)
    expect(swarm.swarm.isBanned('honest')).toBe(false)
  })

  it('is not banned for a message of a kind that does not exist yet', async () => {
    const swarm = await make('us')
    const peer = await join(swarm)
    peer.stream.send(new Uint8Array([3, 0xfa, 0x01, 0x00]))
    peer.send({ request: { id: 7, cid: new Uint8Array(CID.parse(ROOT).bytes), offset: 0, length: 0 } })
    expect((await peer.next('reject')).id).toBe(7)
  })
})
