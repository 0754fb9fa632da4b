import { afterEach, describe, expect, test } from 'vitest'
import { relayPaths } from '@blackhole/protocol'
import type { RelayInfo } from '@blackhole/protocol'
import { importFiles, newPublisher, publish, startTestRelay } from '../relay-harness.ts'
import type { TestRelay } from '../relay-harness.ts'
import type { RelayInit } from '../config.ts'

const relays: TestRelay[] = []

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()))
})

async function start(init: Partial<RelayInit> = {}): Promise<TestRelay> {
  const relay = await startTestRelay({ stunPort: -1, ...init })
  relays.push(relay)
  return relay
}

const peersOf = (relay: TestRelay): string[] => (relay.relay.info.fellows ?? []).map(({ peerId }) => peerId).sort()
const idOf = (relay: TestRelay): string => relay.relay.info.peerId

describe('three relays, of which each knows one other at most', () => {
  test('find each other, spread a publish, and give their visitors a site that only one of them was given', async () => {
    const a = await start({ federate: true, federationSecret: 'shared' })
    const b = await start({ fellows: [a.relay.url], federationSecret: 'shared' })
    const c = await start({ fellows: [b.relay.url], federationSecret: 'shared' })
    await expect.poll(() => peersOf(c), { timeout: 15_000 }).toEqual([idOf(a), idOf(b)].sort())
    await expect.poll(() => peersOf(a), { timeout: 15_000 }).toEqual([idOf(b), idOf(c)].sort())
    const info = (await (await c.fetch(relayPaths.relay())).json()) as RelayInfo
    expect(info.fellows?.find(({ peerId }) => peerId === idOf(a))).toMatchObject({ url: a.relay.url })

    const owner = await newPublisher()
    await publish(a, owner, await importFiles({ 'index.html': 'first', 'big.bin': new Uint8Array(2_500_000).fill(7) }))
    const first = await c.fetch(`/ipns/${owner.name}/big.bin`)
    expect([first.status, (await first.arrayBuffer()).byteLength]).toEqual([200, 2_500_000])
    // Nobody asked b.
    const listed = (await (await b.fetch(relayPaths.sites())).json()) as unknown[]
    expect(listed).toEqual([])

    await publish(a, owner, await importFiles({ 'index.html': 'second' }, { sequence: 2 }), 2)
    const read = async (): Promise<string> => await (await c.fetch(`/ipns/${owner.name}/index.html`)).text()
    await expect.poll(read, { timeout: 10_000 }).toBe('second')

    // a is gone: what it had is at c, and a publish at b reaches c.
    await a.stop()
    relays.splice(relays.indexOf(a), 1)
    await publish(b, owner, await importFiles({ 'index.html': 'third' }, { sequence: 3 }), 3)
    await expect.poll(read, { timeout: 10_000 }).toBe('third')
  }, 60_000)

  test('a relay without the secret is no fellow, and one that federates with nobody speaks none of it', async () => {
    const a = await start({ federate: true, federationSecret: 'shared' })
    const stranger = await start({ fellows: [a.relay.url], federationSecret: 'guessed' })
    const friend = await start({ fellows: [a.relay.url], federationSecret: 'shared' })
    await expect.poll(() => peersOf(a), { timeout: 15_000 }).toEqual([idOf(friend)])
    expect(peersOf(stranger)).toEqual([])
    const alone = await start()
    expect(alone.relay.info.fellows).toBeUndefined()
  }, 30_000)
})

test('two versions with one sequence number: whichever comes first, the same wins at every relay', async () => {
  const a = await start({ federate: true })
  const b = await start({ federate: true })
  const owner = await newPublisher()
  const sites = await Promise.all(['one', 'two'].map((text) => importFiles({ 'index.html': text })))
  const [one, two] = sites
  if (one === undefined || two === undefined) throw new Error('two sites')
  // Before the relays know each other, each gets the other version under number 1.
  await publish(a, owner, one, 1)
  await publish(b, owner, two, 1)
  const c = await start({ fellows: [a.relay.url, b.relay.url] })
  const recordAt = async (relay: TestRelay): Promise<string> =>
    Buffer.from(await (await relay.fetch(relayPaths.record(owner.name))).arrayBuffer()).toString('hex')
  const [atA, atB] = [await recordAt(a), await recordAt(b)]
  expect(atA).not.toBe(atB)
  await expect.poll(async () => new Set(await Promise.all([a, b, c].map(recordAt))).size, { timeout: 20_000 }).toBe(1)
}, 40_000)
