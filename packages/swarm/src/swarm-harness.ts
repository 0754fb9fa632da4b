import { streamPair } from '@libp2p/utils'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { MemoryPieceStore } from './piece-store-memory.ts'
import { Swarm } from './swarm.ts'
import type { SwarmComponents, SwarmInit } from './swarm-options.ts'

/** Root of the version that {@link knowing} makes known. */
export const ROOT = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

/** A block for tests. */
export interface TestBlock {
  readonly cid: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A swarm for tests, with its store. */
export interface TestSwarm {
  readonly id: string
  readonly store: MemoryPieceStore
  readonly swarm: Swarm
}

/** Bytes that are the same for the same seed (xorshift32). */
export function testBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = (seed * 2_654_435_761 + 1) >>> 0
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}

/** A raw block with its CID. */
export async function testBlock(length: number, seed: number): Promise<TestBlock> {
  const bytes = testBytes(length, seed)
  return { cid: CID.createV1(raw.code, await sha256.digest(bytes)).toString(), bytes }
}

/** Several blocks of one length. */
export function testBlocks(count: number, length: number, seed = 1): Promise<TestBlock[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => testBlock(length, seed + index)))
}

/** A started swarm that holds the blocks, and believes every token but `bad`. */
export async function testSwarm(
  id: string,
  blocks: readonly TestBlock[] = [],
  init: Partial<SwarmInit> = {},
  components: Partial<SwarmComponents> = {},
): Promise<TestSwarm> {
  const store = new MemoryPieceStore({}, { maxBytes: 1024 ** 3 })
  await store.put(blocks.map(({ cid, bytes }) => ({ cid, bytes, site: 'site' })))
  const swarm = new Swarm(
    {
      store,
      now: () => performance.timeOrigin + performance.now(),
      random: Math.random,
      verifyToken: (token) => (token === 'bad' ? Promise.reject(new Error('bad token')) : Promise.resolve()),
      token: () => Promise.resolve('token'),
      ...components,
    },
    { site: 'site', self: id, maxUploadBytesPerSecond: Infinity, ...init },
  )
  swarm.start()
  return { id, store, swarm }
}

/** Connects two swarms by a pair of streams. */
export async function connect(a: TestSwarm, b: TestSwarm, options: { lastResort?: boolean } = {}): Promise<void> {
  const [outbound, inbound] = await streamPair()
  await Promise.all([
    a.swarm.addStream({ peer: b.id, stream: outbound, direction: 'outbound' }),
    b.swarm.addStream({ peer: a.id, stream: inbound, direction: 'inbound', ...options }),
  ])
}

/** Resolves when the condition holds, which events of the swarm may bring about. */
export async function until(swarm: Swarm, condition: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const check = (): void => {
    if (condition()) resolve(undefined)
  }
  const types = ['peer:add', 'peer:remove', 'peer:update', 'peer:ban', 'piece', 'upload'] as const
  for (const type of types) swarm.addEventListener(type, check)
  check()
  await promise
  for (const type of types) swarm.removeEventListener(type, check)
}

/** Makes swarms know the version made of these blocks. */
export async function knowing(blocks: readonly TestBlock[], ...known: TestSwarm[]): Promise<void> {
  await Promise.all(
    known.map(({ swarm }) =>
      swarm.addVersion(
        ROOT,
        blocks.map(({ cid }) => cid),
      ),
    ),
  )
}

/** Resolves when the reader knows that a holder has the block. */
export async function seen({ swarm }: TestSwarm, cid: string, count: number): Promise<void> {
  await until(swarm, () => swarm.availability(cid) === count)
}

/** Whether both are the same bytes; `toEqual` takes seconds for a mebibyte. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
