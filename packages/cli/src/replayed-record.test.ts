import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { signToken } from '@blackhole/protocol'
import { createRelay } from '@blackhole/relay'
import type { Relay } from '@blackhole/relay'
import { RelayClient, createBlackhole, createSiteKey, memoryFile } from '@blackhole/sdk'
import { MemorySiteState } from '@blackhole/site'

const SLOW = { timeout: 60_000 } as const

let folder: string
const relays: Relay[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blackhole-replay-'))
  for (const name of ['current', 'outdated']) {
    const data = join(folder, name)
    const relay = createRelay({ port: 0, stunPort: -1, webRtcPort: -1, data, logLevel: 'silent' })
    await relay.start()
    relays.push(relay)
  }
}, 60_000)

afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.stop()))
  await rm(folder, { recursive: true, force: true })
}, 60_000)

it('an older record is refused by a relay, and by a program that has seen the newer one', SLOW, async () => {
  const [current, outdated] = relays.map(({ url }) => url) as [string, string]
  const key = await createSiteKey()
  const publisher = await createBlackhole({ relays: [current, outdated] })
  await publisher.sites.publish([memoryFile('index.html', 'one')], { key })
  const client = new RelayClient({}, { url: current })
  const old = (await client.record(key.name))!
  await publisher.stop()

  const reader = { state: new MemorySiteState() }
  const before = await createBlackhole({ relays: [current] }, reader)
  await before.sites.publish([memoryFile('index.html', 'two')], { key })
  expect((await before.sites.open(key.name)).version.record.sequence).toBe(2)
  await before.stop()

  const { peerId } = await client.info()
  const exp = Math.floor(Date.now() / 1000) + 60
  const token = await signToken(key.privateKey, { scope: 'publish', iss: key.name, aud: peerId, exp })
  await expect(client.putRecord(key.name, old, token)).rejects.toMatchObject({ reason: 'stale' })
  expect((await client.versions(key.name))[0]?.version).toBe(2)

  // The only relay that is left has the older version.
  const after = await createBlackhole({ relays: [outdated] }, reader)
  const site = await after.sites.open(key.name)
  expect(site.version.record.sequence).toBe(2)
  await site.close()
  await after.stop()

  // Who never saw the newer one can't know.
  const stranger = await createBlackhole({ relays: [outdated] })
  expect((await stranger.sites.open(key.name)).version.record.sequence).toBe(1)
  await stranger.stop()
})
