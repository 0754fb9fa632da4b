import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CDN_PROTOCOL, allPieces } from '@blackhole/protocol'
import type { SiteImport } from '@blackhole/site'
import { MemoryPieceStore, Swarm } from '@blackhole/swarm'
import {
  connectVisitor,
  importFiles,
  newPublisher,
  publish,
  putRecord,
  startTestRelay,
  tokenOf,
  webSocketOf,
} from '../relay-harness.ts'
import type { Publisher, TestRelay } from '../relay-harness.ts'
import { BlockFiles } from '../state/block-files.ts'

let relay: TestRelay
let owner: Publisher
const leaving: (() => Promise<void>)[] = []

beforeEach(async () => {
  // Each block is read from its file, which a test damages.
  relay = await startTestRelay({ hotBytes: 0 })
  owner = await newPublisher()
})

afterEach(async () => {
  for (const leave of leaving.splice(0).reverse()) await leave()
  await relay.stop()
})

/** Somebody in the site's swarm, with nothing. */
async function visit(): Promise<{ node: Libp2p; swarm: Swarm; meet: () => Promise<void> }> {
  const node = await connectVisitor(relay.relay)
  leaving.push(() => Promise.resolve(node.stop()))
  const self = node.peerId.toString()
  const swarm = new Swarm(
    {
      store: new MemoryPieceStore({}, { maxBytes: 1e9 }),
      now: Date.now,
      random: Math.random,
      verifyToken: () => Promise.resolve(),
      token: () => tokenOf(relay, owner.name, self),
    },
    { site: owner.name, self },
  )
  swarm.start()
  leaving.push(() => swarm.stop())
  return {
    node,
    swarm,
    async meet() {
      const signal = AbortSignal.timeout(5_000)
      const stream = await node.dialProtocol(multiaddr(webSocketOf(relay.relay)), CDN_PROTOCOL, { signal })
      await swarm.addStream({ peer: relay.relay.info.peerId, stream, direction: 'outbound' })
    },
  }
}

async function swarms(): Promise<number> {
  const metrics = await (await relay.fetch('/metrics')).text()
  return Number(/^blackhole_swarms (\d+)$/m.exec(metrics)?.[1])
}

test('a swarm that could not be joined, for a block that is damaged, is left like any other once it could', async () => {
  const site = await importFiles({ 'index.html': 'hello' })
  await publish(relay, owner, site)
  const file = new BlockFiles(join(relay.data, 'blocks')).fileOf(CID.parse(site.root))
  await rename(file, `${file}.away`)
  const { swarm, meet } = await visit()
  await expect(meet()).rejects.toThrow()
  expect(await swarms()).toBe(0)

  await rename(`${file}.away`, file)
  await meet()
  expect(await swarms()).toBe(1)
  await swarm.stop()
  await expect.poll(swarms, { timeout: 5_000 }).toBe(0)
})

test('the relay seeds the newest versions, also one that came back by a rollback, and of a site that has ended the last', async () => {
  const versions: SiteImport[] = []
  const next = async (text: string, retired = false): Promise<SiteImport> => {
    const previous = versions.at(-1)
    const site = await importFiles({ 'index.html': text }, { sequence: versions.length + 1, previous, retired })
    expect((await publish(relay, owner, site, versions.length + 1)).response.status).toBe(200)
    versions.push(site)
    return site
  }
  const first = await next('A')
  const second = await next('B')
  await next('C')
  const { swarm, meet } = await visit()
  await meet()
  const knows = async (who: Swarm, site: SiteImport): Promise<void> =>
    who.addVersion(site.root, allPieces(site.manifest))
  const has = (who: Swarm, site: SiteImport): boolean =>
    allPieces(site.manifest).every((cid) => who.availability(cid) > 0)

  expect((await putRecord(relay, owner, first.root, 4)).status).toBe(200)
  versions.push(first)
  const fifth = await next('D')
  await knows(swarm, fifth)
  await expect.poll(() => has(swarm, fifth), { timeout: 5_000 }).toBe(true)
  const late = await visit()
  for (const site of [second, first, fifth]) await knows(late.swarm, site)
  await late.meet()
  await expect.poll(() => has(late.swarm, fifth), { timeout: 5_000 }).toBe(true)
  expect([has(late.swarm, first), has(late.swarm, second)]).toEqual([true, false])

  const end = await next('The end', true)
  await knows(swarm, end)
  await expect.poll(() => has(swarm, end), { timeout: 5_000 }).toBe(true)
  const last = await visit()
  for (const site of [first, fifth, end]) await knows(last.swarm, site)
  await last.meet()
  await expect.poll(() => has(last.swarm, end), { timeout: 5_000 }).toBe(true)
  expect([has(last.swarm, first), has(last.swarm, fifth)]).toEqual([false, false])
})
