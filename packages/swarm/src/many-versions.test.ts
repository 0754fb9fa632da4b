import { MAX_SUBSCRIBED_ROOTS } from '@blackhole/protocol'
import { afterEach, expect, it } from 'vitest'
import { cidBytes, connectRaw } from './raw-peer.ts'
import { connect, seen, testBlocks, testSwarm } from './swarm-harness.ts'
import type { TestSwarm } from './swarm-harness.ts'

/** Versions that a page keeps. */
const KEPT = 3

const swarms: TestSwarm[] = []

afterEach(async () => {
  await Promise.all(swarms.splice(0).map(({ swarm }) => swarm.stop()))
})

it('two who follow a broadcast know what the other holds of each new version, however many there were', async () => {
  let now = 1_000_000
  const versions = await testBlocks(2 * MAX_SUBSCRIBED_ROOTS, 10)
  const roots = versions.map(({ cid }) => cid)
  const holder = await testSwarm('holder', versions, {}, { now: () => now })
  const reader = await testSwarm('reader', [], {}, { now: () => now })
  swarms.push(holder, reader)
  await connect(holder, reader)
  for (const [at, { cid }] of versions.entries()) {
    for (const { swarm } of [holder, reader]) {
      await swarm.addVersion(cid, [cid])
      if (at >= KEPT) swarm.removeVersion(roots[at - KEPT] ?? '')
    }
    await seen(reader, cid, 1)
    now += 1_000
  }
  expect(await reader.swarm.fetch(roots.at(-1) ?? '')).toMatchObject({ peers: ['holder'] })
})

it('versions that nobody knows any more make room before the one that is followed', async () => {
  let now = 1_000_000
  const [followed, ...others] = await testBlocks(2 * MAX_SUBSCRIBED_ROOTS, 10)
  if (followed === undefined) throw new Error('There is one')
  const holder = await testSwarm('holder', [], {}, { now: () => now })
  swarms.push(holder)
  await holder.swarm.addVersion(followed.cid, [followed.cid])
  const { peer, joined } = await connectRaw(holder, 'reader')
  peer.hello()
  await joined
  for (const { cid } of [followed, ...others]) {
    peer.messages.length = 0
    peer.send({ subscribe: { root: cidBytes(cid) } })
    await peer.next('bitfield')
    now += 1_000
  }
  await holder.store.put([{ ...followed, site: 'site' }])
  await holder.swarm.stored([followed.cid])
  expect(await peer.next('have')).toEqual({ root: cidBytes(followed.cid), pieces: [0] })
})
