import { afterEach, describe, expect, it } from 'vitest'
import { connect, testBlocks, testSwarm } from './swarm-harness.ts'
import type { TestSwarm } from './swarm-harness.ts'

const ROOT = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
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
  it('gets a piece from a peer, verified, stores it and tells others', async () => {
    const blocks = await testBlocks(3, 300_000)
    const cids = blocks.map(({ cid }) => cid)
    const seed = await make('seed', blocks)
    const reader = await make('reader')
    await Promise.all([seed.swarm.addVersion(ROOT, cids), reader.swarm.addVersion(ROOT, cids)])
    await connect(reader, seed)
    for (const { cid, bytes } of blocks) {
      const got = await reader.swarm.fetch(cid)
      expect(Buffer.compare(got.bytes, bytes)).toBe(0)
      expect(got.peers).toEqual(['seed'])
    }
    expect(reader.swarm.counters.downloaded).toBe(900_000)
    expect(seed.swarm.counters.uploaded).toBe(900_000)
  })
})
