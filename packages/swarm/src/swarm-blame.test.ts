import { afterEach, describe, expect, it } from 'vitest'
import { REQUEST_BYTES } from '@blackhole/protocol'
import { connect, knowing, same, seen, testBlocks, testSwarm } from './swarm-harness.ts'
import type { TestBlock, TestSwarm } from './swarm-harness.ts'
import type { BannedPeer } from './swarm-events.ts'
import type { Swarm } from './swarm.ts'

const MIB = 1024 * 1024
const swarms: TestSwarm[] = []

async function make(...args: Parameters<typeof testSwarm>): Promise<TestSwarm> {
  const made = await testSwarm(...args)
  swarms.push(made)
  return made
}

function bans(swarm: Swarm): BannedPeer[] {
  const found: BannedPeer[] = []
  swarm.addEventListener('peer:ban', ({ detail }) => found.push(detail))
  return found
}

/** A store that changes one byte of what it gives. */
function corrupt(holder: TestSwarm, cid: string, at: number): void {
  const get = holder.store.get.bind(holder.store)
  holder.store.get = async (asked) => {
    const bytes = await get(asked)
    if (asked !== cid || bytes === undefined) return bytes
    const changed = bytes.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    return changed
  }
}

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(({ swarm }) => swarm.stop()))
})

describe('A swarm with a liar in it', () => {
  it('bans exactly the one of three holders that sends a wrong byte', async () => {
    const blocks = await testBlocks(6, MIB)
    const holders = [await make('a', blocks), await make('liar', blocks), await make('c', blocks)]
    const reader = await make('reader')
    const [, liar] = holders as [TestSwarm, TestSwarm, TestSwarm]
    for (const { cid } of blocks) for (let at = 0; at < MIB; at += REQUEST_BYTES) corrupt(liar, cid, at)
    await knowing(blocks, reader, ...holders)
    const banned = bans(reader.swarm)
    for (const holder of holders) await connect(reader, holder)
    await seen(reader, blocks[0]?.cid ?? '', 3)
    const got = await Promise.all(blocks.map(({ cid }) => reader.swarm.fetch(cid, { size: MIB })))
    for (const [at, { bytes }] of got.entries()) expect(same(bytes, blocks[at]?.bytes ?? bytes)).toBe(true)
    expect(banned).toEqual([{ peer: 'liar', reason: 'corrupt', cid: expect.any(String) as string }])
    expect(reader.swarm.peers.map(({ id }) => id).toSorted()).toEqual(['a', 'c'])
  })

  it('does not blame those who sent right bytes into a copy that somebody else spoilt', async () => {
    const [block] = (await testBlocks(1, MIB)) as [TestBlock]
    const holders = [await make('a', [block]), await make('liar', [block]), await make('c', [block])]
    const reader = await make('reader')
    const [, liar] = holders as [TestSwarm, TestSwarm, TestSwarm]
    for (let at = 0; at < MIB; at += REQUEST_BYTES) corrupt(liar, block.cid, at)
    await knowing([block], reader, ...holders)
    const banned = bans(reader.swarm)
    for (const holder of holders) await connect(reader, holder)
    await seen(reader, block.cid, 3)
    const got = await reader.swarm.fetch(block.cid, { size: MIB })
    expect(same(got.bytes, block.bytes)).toBe(true)
    expect(banned).toEqual([{ peer: 'liar', reason: 'corrupt', cid: block.cid }])
    await expect(connect(reader, liar)).rejects.toMatchObject({ reason: 'banned' })
  })

  it('says corrupt when the only holder lies, and bans it', async () => {
    const [block] = (await testBlocks(1, 1000)) as [TestBlock]
    const [liar, reader] = [await make('liar', [block]), await make('reader')]
    corrupt(liar, block.cid, 3)
    await knowing([block], liar, reader)
    await connect(reader, liar)
    await expect(reader.swarm.fetch(block.cid)).rejects.toMatchObject({ reason: 'corrupt' })
    expect(reader.swarm.isBanned('liar')).toBe(true)
    expect(await reader.store.has(block.cid)).toBe(false)
  })
})
