import { createHmac } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromMultihash, peerIdFromPrivateKey } from '@libp2p/peer-id'
import { pbStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { afterEach, expect, test } from 'vitest'
import {
  Announce,
  AnnounceEvent,
  AnnounceReply,
  FELLOW_PROTOCOL,
  FellowReply,
  FellowRequest,
  FellowVerb,
  MAX_TRACKER_PEERS,
  TRACKER_PROTOCOL,
} from '@blackhole/protocol'
import type { TrackerPeer } from '@blackhole/protocol'
import {
  connectVisitor,
  importFiles,
  newPublisher,
  publish,
  startTestRelay,
  tokenOf,
  webSocketOf,
} from '../relay-harness.ts'
import type { Publisher, TestRelay } from '../relay-harness.ts'
import { MAX_SWARM_PEERS } from '../limits.ts'
import { FELLOW_SWARM_MS } from './limits.ts'

const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(init: Parameters<typeof startTestRelay>[0], now?: () => number): Promise<TestRelay> {
  const relay = await startTestRelay({ stunPort: -1, ...init }, now === undefined ? {} : { now })
  stops.push(() => relay.stop())
  return relay
}

/** A visitor that can be dialled through a relay. */
async function visitorOf(relay: TestRelay): Promise<Libp2p> {
  const node = await connectVisitor(relay.relay, { reserve: true })
  stops.push(() => Promise.resolve(node.stop()))
  await expect.poll(() => node.getMultiaddrs().length, { timeout: 5_000 }).toBeGreaterThan(0)
  return node
}

/** Announces a visitor at a relay. */
async function announce(
  node: Libp2p,
  relay: TestRelay,
  { name }: Publisher,
  message: Pick<Announce, 'root'> & Partial<Announce>,
): Promise<AnnounceReply> {
  const signal = AbortSignal.timeout(5_000)
  const stream = await node.dialProtocol(multiaddr(webSocketOf(relay.relay)), TRACKER_PROTOCOL, { signal })
  const messages = pbStream(stream)
  const token = await tokenOf(relay, name, node.peerId.toString())
  const whole = { site: name, token, event: AnnounceEvent.ANNOUNCE_STARTED, have: 0, total: 4, want: 10, ...message }
  await messages.write(whole, Announce, { signal })
  const reply = await messages.read(AnnounceReply, { signal })
  await stream.close({ signal })
  expect(reply.error).toBe('')
  return reply
}

const idsOf = ({ peers }: AnnounceReply): string[] =>
  peers.map(({ id }) => peerIdFromMultihash(Digest.decode(id)).toString())
const idOf = (node: Libp2p): string => node.peerId.toString()

test('visitors of two relays are named to each other, nobody twice or to themselves, and no more than are wanted', async () => {
  let later = 0
  const now = (): number => Date.now() + later
  const a = await start({ federate: true }, now)
  const b = await start({ fellows: [a.relay.url] }, now)
  await expect.poll(() => [a, b].map(({ relay }) => relay.info.fellows?.length), { timeout: 15_000 }).toEqual([1, 1])
  const owner = await newPublisher()
  const site = await importFiles({ 'index.html': 'hello' })
  await publish(a, owner, site)
  expect((await b.fetch(`/ipns/${owner.name}/index.html`)).status).toBe(200)
  const root = new Uint8Array(CID.parse(site.root).bytes)

  const [here, there, other] = [await visitorOf(a), await visitorOf(b), await visitorOf(b)]
  // At both relays at once, as pages are whose tag names both.
  const both = await visitorOf(a)
  await both.dial(multiaddr(webSocketOf(b.relay)))
  await announce(there, b, owner, { root, have: 4 })
  await announce(other, b, owner, { root })
  await announce(both, b, owner, { root, have: 2 })
  await announce(both, a, owner, { root, have: 2 })

  const reply = await announce(here, a, owner, { root })
  expect(idsOf(reply).sort()).toEqual([there, other, both].map(idOf).sort())
  const entry = reply.peers[idsOf(reply).indexOf(idOf(there))]
  expect(entry).toMatchObject({ have: 4, total: 4 })
  expect(multiaddr(entry?.addresses[0]).toString(), 'by way of its own relay').toBe(
    `${webSocketOf(b.relay)}/p2p-circuit/webrtc/p2p/${idOf(there)}`,
  )

  // Who is near comes first, then who holds something.
  expect(idsOf(await announce(here, a, owner, { root, want: 1 }))).toEqual([idOf(both)])
  expect(idsOf(await announce(here, a, owner, { root, want: 2 }))).toEqual([both, there].map(idOf))

  // The other way round, with itself among those of whom the fellow tells.
  later += FELLOW_SWARM_MS
  expect(idsOf(await announce(both, b, owner, { root })).sort()).toEqual([here, there, other].map(idOf).sort())
}, 60_000)

/** A fellow that tells of a swarm what the test says. */
async function fellowThatSays(relay: TestRelay, swarm: () => Partial<FellowReply>): Promise<{ asked: () => number }> {
  const node = await connectVisitor(relay.relay)
  stops.push(() => Promise.resolve(node.stop()))
  const self = node.peerId.toString()
  const none = new Uint8Array(0)
  const proofFor = (to: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(createHmac('sha256', '').update(`${FELLOW_PROTOCOL}\n${self}\n${to}`).digest())
  const greeting = {
    proof: proofFor(relay.relay.info.peerId),
    info: JSON.stringify({ ...relay.relay.info, peerId: self, fellows: undefined }),
  }
  let asked = 0
  await node.handle(FELLOW_PROTOCOL, async (stream) => {
    const messages = pbStream(stream)
    const { verb } = await messages.read(FellowRequest)
    const empty = { error: '', proof: none, info: '', peers: [], swarmPeers: 0, swarmHolders: 0 }
    if (verb === FellowVerb.FELLOW_SWARM) asked += 1
    await messages.write({ ...empty, ...(verb === FellowVerb.FELLOW_SWARM ? swarm() : greeting) }, FellowReply)
  })
  const stream = await node.dialProtocol(multiaddr(webSocketOf(relay.relay)), FELLOW_PROTOCOL)
  const messages = pbStream(stream)
  await messages.write({ verb: FellowVerb.FELLOW_GREET, ...greeting, site: '', want: 0 }, FellowRequest)
  expect((await messages.read(FellowReply)).error).toBe('')
  await expect.poll(() => relay.relay.info.fellows?.length).toBe(1)
  return { asked: () => asked }
}

async function stranger(): Promise<Omit<TrackerPeer, 'addresses'>> {
  const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  return { id: peer.toMultihash().bytes, have: 4, total: 4 }
}

test('what a fellow tells too much of, twice or wrongly harms no answer', async () => {
  let later = 0
  const relay = await start({ federate: true }, () => Date.now() + later)
  const owner = await newPublisher()
  const site = await importFiles({ 'index.html': 'hello' })
  await publish(relay, owner, site)
  const root = new Uint8Array(CID.parse(site.root).bytes)
  const [here, near] = [await visitorOf(relay), await visitorOf(relay)]
  await announce(near, relay, owner, { root })

  let told: Partial<FellowReply> = {}
  const fellow = await fellowThatSays(relay, () => told)
  const ask = async (want = MAX_TRACKER_PEERS): Promise<AnnounceReply> => {
    later += FELLOW_SWARM_MS
    return await announce(here, relay, owner, { root, want })
  }
  const strangers = await Promise.all(Array.from({ length: MAX_TRACKER_PEERS + 1 }, stranger))
  const itself = { id: here.peerId.toMultihash().bytes, have: 4, total: 4 }
  const named = { id: near.peerId.toMultihash().bytes, have: 4, total: 4 }
  const [first] = strangers
  if (first === undefined) throw new Error('nobody')

  // One visitor said again and again, the asker, one who is known here; more pieces than there are.
  told = { peers: [{ ...first, have: 9 }, first, first, itself, named], swarmPeers: 5, swarmHolders: 7 }
  const merged = await ask()
  expect(idsOf(merged)).toEqual([idOf(near), peerIdFromMultihash(Digest.decode(first.id)).toString()])
  expect(merged.peers[1]).toMatchObject({ have: 4, total: 4 })
  expect(merged).toMatchObject({ swarmPeers: 6, swarmHolders: 5 })

  told = { peers: strangers.slice(1), swarmPeers: MAX_TRACKER_PEERS }
  for (const want of [3, MAX_TRACKER_PEERS, 2 ** 32 - 1]) {
    const ids = idsOf(await ask(want))
    expect([ids.length, ids[0]]).toEqual([Math.min(want, MAX_TRACKER_PEERS), idOf(near)])
    expect(new Set(ids).size).toBe(ids.length)
  }

  // More than may be told, and what is no peer: such a fellow is not heard.
  for (const peers of [strangers, [first, { id: new Uint8Array([1, 2, 3]), have: 1, total: 1 }]]) {
    told = { peers, swarmPeers: peers.length }
    expect(await ask()).toMatchObject({ peers: [{ have: 0 }], swarmPeers: 1 })
  }

  // Added to those who are here it would be 0.
  told = { peers: [first], swarmPeers: 2 ** 32 - 1, swarmHolders: 2 ** 32 - 1 }
  expect(await ask()).toMatchObject({ swarmPeers: 1 + MAX_SWARM_PEERS, swarmHolders: MAX_SWARM_PEERS })

  // A crowd costs the fellow one question.
  const before = fellow.asked()
  await ask()
  for (let at = 0; at < 5; at++) await announce(here, relay, owner, { root })
  expect(fellow.asked()).toBe(before + 1)
}, 30_000)
