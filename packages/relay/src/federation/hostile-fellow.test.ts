import { createHmac } from 'node:crypto'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { pbStream } from '@libp2p/utils'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterEach, expect, test } from 'vitest'
import {
  FELLOW_PROTOCOL,
  FellowReply,
  FellowRequest,
  FellowVerb,
  HostingRequest,
  HostingVerb,
  relayPaths,
} from '@blackhole/protocol'
import { createSiteRecord } from '@blackhole/site'
import { importFiles, newPublisher, publish, startTestRelay, webSocketOf } from '../relay-harness.ts'
import type { TestRelay } from '../relay-harness.ts'
import { CROSSED_RECORD_MS } from './limits.ts'
import { RECORDS_TOPIC } from './services.ts'

const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Hostile {
  node: Libp2p
  pubsub: GossipSub
  put: (site: string, record: Uint8Array<ArrayBuffer>) => Promise<number>
}

/** A node that greets as a relay of an open federation does, and then spreads what it likes. */
async function hostileFellow(relay: TestRelay): Promise<Hostile> {
  const node = await createLibp2p({
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  })
  stops.push(() => Promise.resolve(node.stop()))
  const connection = await node.dial(multiaddr(webSocketOf(relay.relay)))
  node.services.pubsub.subscribe(RECORDS_TOPIC)
  const stream = await connection.newStream(FELLOW_PROTOCOL)
  const messages = pbStream(stream)
  const self = node.peerId.toString()
  const proof = createHmac('sha256', '').update(`${FELLOW_PROTOCOL}\n${self}\n${relay.relay.info.peerId}`).digest()
  const info = JSON.stringify({ ...relay.relay.info, peerId: self })
  const greeting = { verb: FellowVerb.FELLOW_GREET, proof: new Uint8Array(proof), info, site: '', want: 0 }
  await messages.write(greeting, FellowRequest)
  expect((await messages.read(FellowReply)).error).toBe('')
  await expect.poll(() => node.services.pubsub.getSubscribers(RECORDS_TOPIC).length, { timeout: 10_000 }).toBe(1)
  const put: Hostile['put'] = async (site, record) => {
    const message = HostingRequest.encode({ verb: HostingVerb.HOSTING_PUT, site, record })
    return (await node.services.pubsub.publish(RECORDS_TOPIC, message)).recipients.length
  }
  return { node, pubsub: node.services.pubsub, put }
}

test('forged and replayed records of a fellow are refused, cost it its standing, and end with it being ignored', async () => {
  let now = Date.now()
  const relay = await startTestRelay({ stunPort: -1, federate: true, replicate: 'all' }, { now: () => now })
  stops.push(() => relay.stop())
  const owner = await newPublisher()
  const stranger = await newPublisher()
  const sites = await Promise.all(
    ['first', 'second'].map((text, at) => importFiles({ 'index.html': text }, { sequence: at + 1 })),
  )
  const roots = sites.map(({ root }) => root)
  const old = await createSiteRecord(owner.key, { root: roots[0] ?? '', sequence: 1 })
  for (const [at, site] of sites.entries()) await publish(relay, owner, site, at + 1)
  const heldNow = async (): Promise<number> =>
    ((await (await relay.fetch(relayPaths.site(owner.name))).json()) as { version: number }).version

  const hostile = await hostileFellow(relay)
  const refusals = async (): Promise<number> =>
    Number(/^blackhole_federation_refused_records_total (\d+)/m.exec(await (await relay.fetch('/metrics')).text())?.[1])
  // One that may have crossed the newer one on the way is no offence; a later version signed by somebody else is.
  await hostile.put(owner.name, old.bytes)
  const forged = await createSiteRecord(stranger.key, { root: roots[0] ?? '', sequence: 9 })
  await hostile.put(owner.name, forged.bytes)
  await expect.poll(refusals).toBe(1)
  // The old one again, long after; and noise.
  now += CROSSED_RECORD_MS + 1
  const again = await createSiteRecord(owner.key, { root: roots[0] ?? '', sequence: 1, lifetimeMs: 1e9 })
  await hostile.put(owner.name, again.bytes)
  await expect.poll(refusals).toBe(2)
  await hostile.put('k51nosite', new Uint8Array(20_000))
  await expect.poll(refusals).toBe(3)

  const ignored = async (): Promise<string | undefined> =>
    /^blackhole_federation_fellows_ignored (\d+)/m.exec(await (await relay.fetch('/metrics')).text())?.[1]
  await expect.poll(ignored, { timeout: 5_000 }).toBe('1')

  // Now even a good record of its own is not looked at.
  const good = await createSiteRecord(stranger.key, { root: roots[1] ?? '', sequence: 1 })
  await hostile.put(stranger.name, good.bytes)
  await hostile.put('k51nosite', new Uint8Array(9))
  await publish(relay, await newPublisher(), await importFiles({ 'index.html': 'meanwhile' }))
  expect([await refusals(), await heldNow()]).toEqual([3, 2])
  expect((await relay.fetch(relayPaths.site(stranger.name))).status).toBe(404)
}, 30_000)
