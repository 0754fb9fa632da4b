import { streamPair } from '@libp2p/utils'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterEach, expect, it } from 'vitest'
import { NotFoundError, parseSiteName } from '@blackhole/protocol'
import { MemoryPieceStore, Swarm, type SwarmInit } from '@blackhole/swarm'
import { sleep } from '../sleep.ts'
import { Seeder } from './seeder.ts'
import { SiteBlocks } from './site-blocks.ts'

const site = parseSiteName('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')
const PIECE_BYTES = 5_000
const stops: (() => Promise<void> | void)[] = []

interface Block {
  readonly cid: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

interface Visitor {
  readonly id: string
  readonly store: MemoryPieceStore
  readonly swarm: Swarm
}

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function blocksOf(count: number, seed = 1): Promise<Block[]> {
  const bytes = Array.from({ length: count }, (_, at) => new Uint8Array(PIECE_BYTES).fill(at).fill(seed, 1_000))
  return await Promise.all(
    bytes.map(async (bytes) => ({ cid: CID.createV1(raw.code, await sha256.digest(bytes)).toString(), bytes })),
  )
}

/** On a loaded machine it may take its time. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 })

const cidsOf = (blocks: readonly Block[]): string[] => blocks.map(({ cid }) => cid)

/** A swarm that holds some pieces of the version that `all` are. */
async function visitor(
  id: string,
  all: readonly Block[],
  holds: readonly Block[] = [],
  init: Partial<SwarmInit> = {},
): Promise<Visitor> {
  const store = new MemoryPieceStore()
  await store.put(holds.map(({ cid, bytes }) => ({ cid, bytes, site })))
  const { now, random } = { now: () => performance.now() + 1, random: Math.random }
  const swarm = new Swarm(
    { store, now, random, verifyToken: () => Promise.resolve(), token: () => Promise.resolve('token') },
    { site, self: id, maxUploadBytesPerSecond: Infinity, ...init },
  )
  swarm.start()
  stops.push(() => swarm.stop())
  await learn(swarm, all)
  return { id, store, swarm }
}

/** Each set of blocks is a version with a root of its own: that of its first piece. */
async function learn(swarm: Swarm, all: readonly Block[]): Promise<void> {
  await swarm.addVersion(all[0]?.cid ?? '', cidsOf(all))
}

async function connect(a: Visitor, b: Visitor): Promise<void> {
  const [outbound, inbound] = await streamPair()
  await Promise.all([
    a.swarm.addStream({ peer: b.id, stream: outbound, direction: 'outbound' }),
    b.swarm.addStream({ peer: a.id, stream: inbound, direction: 'inbound' }),
  ])
}

/**
 * A seeder, with a relay that has `served`, and a clock that runs a thousand times as fast where it waits.
 *
 * @param meanwhile - what happens before the first wait is over
 */
function seederOf(us: Visitor, served: Map<string, Block>, meanwhile?: () => Promise<void>) {
  const asked: string[] = []
  const pauses: number[] = []
  const errors: unknown[] = []
  const stop = new AbortController()
  stops.push(() => stop.abort())
  let now = 1_000_000
  const http = {
    block: (cid: string) => {
      asked.push(cid)
      const block = served.get(cid)
      return block === undefined ? Promise.reject(new NotFoundError(cid)) : Promise.resolve(block.bytes)
    },
  }
  const blocks = new SiteBlocks({ ...us, http: [http], onBytes: () => undefined }, { site })
  const seeder = new Seeder(
    {
      ...us,
      blocks,
      now: () => now,
      random: Math.random,
      onError: (_what, error) => errors.push(error),
      onHeld: () => undefined,
      wait: async (ms, options) => {
        if (pauses.push(ms) === 1) await meanwhile?.()
        await sleep(ms / 1_000, options)
        now += ms
      },
    },
    { all: true },
  )
  const seed = (all: readonly Block[]): Promise<void> =>
    seeder.seed({ pieces: cidsOf(all) }, Promise.resolve(), stop.signal)
  return { seeder, seed, asked, pauses, errors, stop }
}

const served = (blocks: readonly Block[]): Map<string, Block> => new Map(blocks.map((block) => [block.cid, block]))

it('gets from visitors what they hold, the rarest first, and from relays only the rest', async () => {
  const all = await blocksOf(30)
  const [rare, common] = [all.slice(0, 5), all.slice(5, 24)]
  const us = await visitor('us', all, [], { maxBackgroundPieces: 1 })
  await connect(us, await visitor('a', all, [...rare, ...common]))
  await connect(us, await visitor('b', all, common))
  await eventually(() => us.swarm.peers.map(({ pieces }) => pieces)).toEqual([24, 19])
  const ofA: string[] = []
  us.swarm.addEventListener('piece', ({ detail: { cid, peers } }) => {
    if (peers.includes('a')) ofA.push(cid)
  })
  const { seeder, seed, asked, errors } = seederOf(us, served(all))
  await seed(all)
  expect(asked.toSorted()).toEqual(cidsOf(all.slice(24)).toSorted())
  expect(us.swarm.counters.downloaded).toBe(24 * PIECE_BYTES)
  expect(ofA.slice(0, rare.length).toSorted()).toEqual(cidsOf(rare).toSorted())
  await us.swarm.stop()
  await seeder.count()
  expect(seeder.held).toBe(30)
  expect(errors).toEqual([])
})

it('leaves what is missing to visitors that come a moment later', async () => {
  const all = await blocksOf(6)
  const [us, first] = [await visitor('us', all), await visitor('first', all, all.slice(0, 1))]
  const second = await visitor('second', all, all)
  await connect(us, first)
  await eventually(() => us.swarm.peers.map(({ pieces }) => pieces)).toEqual([1])
  const { seed, asked } = seederOf(us, served(all), async () => {
    await connect(us, second)
    await eventually(() => us.swarm.peers.map(({ pieces }) => pieces)).toContain(6)
  })
  await seed(all)
  expect(asked).toEqual([])
  expect(us.swarm.counters.downloaded).toBe(6 * PIECE_BYTES)
})

it('outlasts a time in which nobody serves anything, with growing pauses, and goes on with whoever comes first', async () => {
  const all = await blocksOf(20)
  const [us, other] = [await visitor('us', all), await visitor('other', all, all.slice(10))]
  const relay = new Map<string, Block>()
  const { seeder, seed, asked, pauses, errors } = seederOf(us, relay)
  const done = seed(all)
  await eventually(() => pauses.length).toBeGreaterThan(8)
  expect(pauses.slice(0, 4).map((ms) => Math.floor(Math.log2(ms / 1_000)))).toEqual([0, 1, 2, 3])
  expect(Math.max(...pauses)).toBeLessThanOrEqual(90_000)
  expect(asked.length).toBeLessThanOrEqual((pauses.length + 1) * 5)
  expect(errors.length).toBeLessThanOrEqual(pauses.length + 1)
  expect(seeder.held).toBe(0)
  await connect(us, other)
  await eventually(() => us.swarm.counters.downloaded).toBe(10 * PIECE_BYTES)
  for (const block of all) relay.set(block.cid, block)
  await done
  expect(seeder.held).toBe(20)
  expect(us.swarm.counters.downloaded).toBe(10 * PIECE_BYTES)
})

it('asks relays in the end for what visitors hold and do not give', async () => {
  const all = await blocksOf(3)
  const [us, mean] = [await visitor('us', all), await visitor('mean', all, all)]
  mean.swarm.pauseUploads(true)
  await connect(us, mean)
  await eventually(() => us.swarm.peers.map(({ pieces, chokes }) => [pieces, chokes])).toEqual([[3, true]])
  const { seeder, seed, pauses } = seederOf(us, served(all))
  await seed(all)
  expect(pauses.length).toBeGreaterThan(5)
  expect(seeder.held).toBe(3)
})

it('does not fetch again what the store had no room for', async () => {
  const all = await blocksOf(12)
  const us = await visitor('us', all)
  us.store.put = () => Promise.reject(new NotFoundError('room'))
  const { seed, asked } = seederOf(us, served(all))
  await seed(all)
  expect(asked.toSorted()).toEqual(cidsOf(all).toSorted())
})

it('turns to a newer version, and lets go of the older one', async () => {
  const [old, new_] = [await blocksOf(4), await blocksOf(4, 2)]
  const us = await visitor('us', old)
  const { seeder, seed, asked, pauses, stop } = seederOf(us, served(new_))
  const first = seed(old)
  await eventually(() => pauses.length).toBeGreaterThan(0)
  await learn(us.swarm, new_)
  await Promise.all([first, seed(new_)])
  expect(seeder.held).toBe(4)
  const before = asked.length
  await sleep(20)
  expect(asked).toHaveLength(before)
  stop.abort()
  await seed(old)
})
