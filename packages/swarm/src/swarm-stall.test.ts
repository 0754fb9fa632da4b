import { afterEach, describe, expect, it } from 'vitest'
import { MAX_OPEN_REQUESTS, REQUEST_BYTES, RejectReason } from '@blackhole/protocol'
import { TIME_OUT_MS } from './bans.ts'
import { ALLOWANCE_INTERVAL_MS } from './choked-allowance.ts'
import { LET_DOWN_MS, MAX_LET_DOWNS } from './conduct.ts'
import { allBits, cidBytes, connectRaw } from './raw-peer.ts'
import { connect, testBlock, testBlocks, testSwarm, until } from './swarm-harness.ts'
import type { RawPeer } from './raw-peer.ts'
import type { BannedPeer } from './swarm-events.ts'
import type { TestSwarm } from './swarm-harness.ts'

const ROOT = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const ROOT_BYTES = cidBytes(ROOT)
const swarms: TestSwarm[] = []

/** Time that tests turn by hand: what is due is called when the clock gets there. */
class Time {
  now = 1_000_000
  #timers: { at: number; callback: () => void }[] = []

  setTimer(callback: () => void, ms: number): () => void {
    const timer = { at: this.now + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Time goes by without anything being called: the machine sleeps. */
  sleep(ms: number): void {
    this.now += ms
    for (const timer of this.#timers) timer.at += ms
  }

  advance(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.now = next.at
      next.callback()
    }
    this.now = end
  }
}

async function make(
  id: string,
  time: Time,
  ...[blocks, init]: Parameters<typeof testSwarm> extends [string, ...infer Rest] ? Rest : never
): Promise<TestSwarm> {
  const made = await testSwarm(id, blocks, init, {
    now: () => time.now,
    setTimer: (callback, ms) => time.setTimer(callback, ms),
    random: () => 0,
  })
  swarms.push(made)
  return made
}

async function join(to: TestSwarm, id: string): Promise<RawPeer> {
  const { peer, joined } = await connectRaw(to, id)
  peer.hello()
  await joined
  return peer
}

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(({ swarm }) => swarm.stop()))
})

describe('A peer that stops answering', () => {
  it('loses its requests to another, is not banned, and is asked again once it answers', async () => {
    const time = new Time()
    const blocks = [await testBlock(2 * REQUEST_BYTES, 1), await testBlock(REQUEST_BYTES, 2)] as const
    const [{ cid, bytes }, other] = blocks
    const [reader, seed] = [await make('reader', time), await make('seed', time, [...blocks])]
    const pieces = blocks.map(({ cid }) => cid)
    const sizes = blocks.map(({ bytes }) => bytes.byteLength)
    await Promise.all([reader, seed].map(({ swarm }) => swarm.addVersion(ROOT, pieces, sizes)))
    const silent = await join(reader, 'silent')
    silent.send({ bitfield: { root: ROOT_BYTES, bits: allBits(2) } })
    await until(reader.swarm, () => reader.swarm.availability(cid) === 1)
    const fetching = reader.swarm.fetch(cid, { deadlineMs: 60_000 })
    await silent.next('request')
    await connect(reader, seed)
    await until(reader.swarm, () => reader.swarm.availability(cid) === 2)
    time.advance(2_000)
    expect((await fetching).peers).toEqual(['seed'])
    const snubbed = (): boolean | undefined => reader.swarm.peers.find(({ id }) => id === 'silent')?.snubbed
    expect(snubbed()).toBe(true)
    expect(reader.swarm.isBanned('silent')).toBe(false)
    // Of its two requests it keeps one, although the bytes have come: the answer tells that it is there again.
    expect((await silent.next('cancel')).id).toBe(2)
    await silent.settle()
    expect(silent.messages.some(({ cancel }) => cancel?.id === 1)).toBe(false)
    silent.sendPiece({ id: 1, offset: 0, size: bytes.byteLength, data: bytes.subarray(0, REQUEST_BYTES) })
    await silent.settle()
    expect(snubbed()).toBe(false)
    seed.swarm.removePeer('reader')
    await until(reader.swarm, () => reader.swarm.availability(other.cid) === 1)
    const next = reader.swarm.fetch(other.cid)
    const { id } = await silent.next('request')
    silent.sendPiece({ id, offset: 0, size: other.bytes.byteLength, data: other.bytes })
    expect((await next).peers).toEqual(['silent'])
    expect(reader.swarm.isBanned('silent')).toBe(false)
  })

  it('is sent away for a while when it stays silent, and named', async () => {
    const time = new Time()
    const block = await testBlock(REQUEST_BYTES, 1)
    const [reader, seed] = [await make('reader', time), await make('seed', time, [block])]
    await Promise.all([reader, seed].map(({ swarm }) => swarm.addVersion(ROOT, [block.cid], [REQUEST_BYTES])))
    const silent = await join(reader, 'silent')
    silent.send({ bitfield: { root: ROOT_BYTES, bits: allBits(1) } })
    await until(reader.swarm, () => reader.swarm.availability(block.cid) === 1)
    const bans: BannedPeer[] = []
    reader.swarm.addEventListener('peer:ban', ({ detail }) => bans.push(detail))
    const fetching = reader.swarm.fetch(block.cid, { deadlineMs: 60_000 })
    await silent.next('request')
    await connect(reader, seed)
    await until(reader.swarm, () => reader.swarm.availability(block.cid) === 2)
    time.advance(2_000)
    expect((await fetching).peers).toEqual(['seed'])
    // A page that slept finds a late clock: that alone is no fault of its peers.
    time.sleep(60_000)
    time.advance(500)
    expect(bans).toEqual([])
    time.advance(15_000)
    await silent.closed()
    expect(bans).toEqual([{ peer: 'silent', reason: 'stall', forMs: TIME_OUT_MS }])
    expect(reader.swarm.peers.map(({ id }) => id)).toEqual(['seed'])
    time.advance(TIME_OUT_MS)
    expect(reader.swarm.isBanned('silent')).toBe(false)
  })

  it('is sent away too when others are always quicker than the time in which its silence shows', async () => {
    const time = new Time()
    const blocks = await testBlocks(6, REQUEST_BYTES)
    const [reader, seed] = [await make('reader', time), await make('seed', time, blocks)]
    const sizes = blocks.map(({ bytes }) => bytes.byteLength)
    const pieces = blocks.map(({ cid }) => cid)
    await Promise.all([reader, seed].map(({ swarm }) => swarm.addVersion(ROOT, pieces, sizes)))
    const silent = await join(reader, 'silent')
    silent.send({ bitfield: { root: ROOT_BYTES, bits: allBits(6) } })
    await until(reader.swarm, () => reader.swarm.availability(pieces[0] ?? '') === 1)
    const bans: BannedPeer[] = []
    reader.swarm.addEventListener('peer:ban', ({ detail }) => bans.push(detail))
    for (const [at, cid] of pieces.slice(0, MAX_LET_DOWNS).entries()) {
      expect(bans).toEqual([])
      silent.messages.length = 0
      const waiting = new AbortController()
      const fetching = reader.swarm.fetch(cid, { signal: waiting.signal })
      fetching.catch(() => undefined)
      await silent.next('request')
      time.sleep(LET_DOWN_MS)
      // It came over HTTP, say.
      waiting.abort()
      await fetching.catch(() => undefined)
      if (at < MAX_LET_DOWNS - 1) await silent.settle()
    }
    await silent.closed()
    expect(bans).toEqual([{ peer: 'silent', reason: 'stall', forMs: TIME_OUT_MS }])
  })

  it('keeps its requests when nobody else has the piece, and is disconnected in the end', async () => {
    const time = new Time()
    const [block] = await testBlocks(1, 1000)
    const cid = block?.cid ?? ''
    const reader = await make('reader', time, [], { deadPeerTimeoutMs: 20_000 })
    await reader.swarm.addVersion(ROOT, [cid])
    const silent = await join(reader, 'silent')
    silent.send({ bitfield: { root: ROOT_BYTES, bits: allBits(1) } })
    await until(reader.swarm, () => reader.swarm.availability(cid) === 1)
    const fetching = reader.swarm.fetch(cid)
    fetching.catch(() => undefined)
    await silent.next('request')
    time.advance(10_000)
    await silent.settle()
    expect(silent.messages.some(({ cancel }) => cancel !== undefined)).toBe(false)
    time.advance(15_000)
    await expect(fetching).rejects.toMatchObject({ reason: 'missing' })
    await silent.closed()
  })

  it('makes a fetch fail in time when it chokes us for ever', async () => {
    const time = new Time()
    const [block] = await testBlocks(1, 1000)
    const cid = block?.cid ?? ''
    const reader = await make('reader', time, [], { fetchTimeoutMs: 5_000 })
    await reader.swarm.addVersion(ROOT, [cid])
    const mean = await join(reader, 'mean')
    mean.onMessage = ({ request }) => {
      if (request !== undefined) mean.send({ reject: { id: request.id, reason: 'REJECT_CHOKED' as never } })
    }
    mean.send({ choke: { choked: true }, bitfield: { root: ROOT_BYTES, bits: allBits(1) } })
    await until(reader.swarm, () => reader.swarm.availability(cid) === 1)
    const fetching = reader.swarm.fetch(cid)
    fetching.catch(() => undefined)
    await mean.next('request')
    time.advance(6_000)
    await expect(fetching).rejects.toMatchObject({ reason: 'timeout' })
  })
})

describe('Uploads', () => {
  it('keep to the cap, by the clock', async () => {
    const time = new Time()
    const blocks = await testBlocks(4, 1024 * 1024)
    const seed = await make('seed', time, blocks, { maxUploadBytesPerSecond: 100_000 })
    const peer = await join(seed, 'reader')
    for (const [id, { cid }] of blocks.entries())
      peer.send({ request: { id, cid: cidBytes(cid), offset: 0, length: 0 } })
    await until(seed.swarm, () => seed.swarm.counters.uploaded > 0)
    for (let second = 1; second <= 20; second += 1) {
      await peer.settle()
      time.advance(1000)
      expect(seed.swarm.counters.uploaded).toBeLessThanOrEqual(256 * 1024 + second * 100_000)
    }
    expect(seed.swarm.counters.uploaded).toBeGreaterThan(1_900_000)
  })

  it('choke those who give least when more ask than there are slots, but let them begin', async () => {
    const { seed, victim, cid } = await crowded()
    expect(await victim.next('choke')).toEqual({ choked: true })
    victim.send({ request: { id: 10, cid, offset: 0, length: 1000 } })
    await until(seed.swarm, () => seed.swarm.counters.uploaded === 1300)
    victim.send({ request: { id: 11, cid, offset: 0, length: 1000 } })
    expect(await victim.next('reject')).toMatchObject({ id: 11, reason: RejectReason.REJECT_CHOKED })
  })

  it('give a choked peer its allowance once, however much it asks for at once and however often it comes', async () => {
    const { seed, time, victim, victimId, others, cid } = await crowded()
    victim.dataBytes = 0
    for (let id = 10; id < 10 + MAX_OPEN_REQUESTS; id += 1) victim.send({ request: { id, cid, offset: 0, length: 0 } })
    await victim.settle()
    expect(victim.dataBytes).toBe(1000)
    const rejected = victim.messages.flatMap(({ reject }) => reject ?? [])
    expect(rejected).toHaveLength(MAX_OPEN_REQUESTS)
    expect(rejected[0]).toEqual({ id: 10, reason: RejectReason.REJECT_CHOKED })

    const askAgain = async (): Promise<RawPeer> => {
      seed.swarm.removePeer(victimId)
      await until(seed.swarm, () => seed.swarm.peers.length === 2)
      const again = await join(seed, victimId)
      again.send({ request: { id: 1, cid, offset: 0, length: 100 } })
      for (const other of others) other.send({ request: { id: 1, cid, offset: 0, length: 1000 } })
      for (const peer of [again, ...others]) await peer.settle()
      time.advance(8_000)
      // Whoever asked for nothing lately takes nobody's slot.
      for (const peer of [again, ...others]) peer.send({ request: { id: 3, cid, offset: 0, length: 100 } })
      for (const peer of [again, ...others]) await peer.settle()
      time.advance(2_000)
      again.dataBytes = 0
      again.send({ request: { id: 2, cid, offset: 0, length: 0 } })
      await again.settle()
      return again
    }
    expect((await askAgain()).dataBytes).toBe(0)
    time.advance(ALLOWANCE_INTERVAL_MS)
    expect((await askAgain()).dataBytes).toBe(1000)
  })

  it('give a slot that nobody uses any more to who waits, before the next round', async () => {
    const { seed, time, victim, others, cid } = await crowded()
    expect(await victim.next('choke')).toEqual({ choked: true })
    // The others go on.
    for (let second = 1; second <= 4; second += 1) {
      for (const other of others) other.send({ request: { id: 10 + second, cid, offset: 0, length: 100 } })
      for (const other of others) await other.settle()
      time.advance(1_000)
    }
    victim.send({ request: { id: 10, cid, offset: 0, length: 0 } })
    expect(await victim.next('reject')).toMatchObject({ id: 10, reason: RejectReason.REJECT_CHOKED })
    const [last] = others
    for (let second = 5; second <= 8; second += 1) {
      last?.send({ request: { id: 10 + second, cid, offset: 0, length: 100 } })
      await last?.settle()
      time.advance(1_000)
    }
    expect(seed.swarm.peers.filter(({ choked }) => choked)).toEqual([])
  })

  it('refuse a range that no block can have', async () => {
    const time = new Time()
    const [block] = await testBlocks(1, 1000)
    const seed = await make('seed', time, block === undefined ? [] : [block])
    const peer = await join(seed, 'greedy')
    peer.send({ request: { id: 1, cid: cidBytes(block?.cid ?? ''), offset: 0, length: 0xffff_ffff } })
    expect(await peer.next('reject')).toEqual({ id: 1, reason: RejectReason.REJECT_INVALID })
  })
})

/** Three peers that ask of one with two slots: the one that is choked may have 1000 bytes more. */
async function crowded() {
  const time = new Time()
  const [block] = await testBlocks(1, 1024 * 1024)
  const cid = cidBytes(block?.cid ?? '')
  const seed = await make('seed', time, block === undefined ? [] : [block], {
    uploadSlots: 2,
    chokedAllowanceBytes: 1000,
  })
  const ids = ['a', 'b', 'c'] as const
  const peers = new Map<string, RawPeer>()
  for (const id of ids) peers.set(id, await join(seed, id))
  for (const peer of peers.values()) peer.send({ request: { id: 0, cid, offset: 0, length: 100 } })
  await until(seed.swarm, () => seed.swarm.counters.uploaded === 300)
  for (const peer of peers.values()) await peer.settle()
  time.advance(1_000)
  const choked = seed.swarm.peers.filter((peer) => peer.choked).map(({ id }) => id)
  expect(choked).toHaveLength(1)
  const victimId = choked[0] ?? ''
  const victim = peers.get(victimId)
  if (victim === undefined) throw new Error('Nobody is choked')
  peers.delete(victimId)
  return { time, seed, cid, victim, victimId, others: [...peers.values()] }
}
