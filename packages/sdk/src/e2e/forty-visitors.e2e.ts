import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { AnnounceEvent, parseSiteName, type RelayInfo } from '@blackhole/protocol'
import { launchChromium, startRelay } from '@blackhole/testkit'
import type { ChromiumBrowser, RelayProcess } from '@blackhole/testkit'
import { expect, test } from 'playwright/test'
import { measured } from './measured.ts'
import { createPeerNode, type PeerNode } from '../node/create-libp2p.ts'
import { dialPeer } from '../node/dial-peer.ts'
import { announce, type SwarmCandidate } from '../peer/tracker-client.ts'
import { RelayClient } from '../relay-client/relay-client.ts'
import { PublishedSite } from './published-site.ts'

const VISITORS = 40

/** Pages that load at once. */
const LANES = 4

let relay: RelayProcess
let browser: ChromiumBrowser
let site: PublishedSite

test.beforeAll(async () => {
  relay = await startRelay()
  browser = await launchChromium()
  site = await PublishedSite.create(relay)
  // They wait to be dialled and dial nobody.
  await site.addPage('index.html', { 'max-peers': '0', worker: 'none' })
  await site.publish()
})

test.afterAll(async () => {
  await browser.close()
  await relay.stop()
  await site.remove()
})

test('forty visitors at one relay can all be dialled', { tag: '@alone' }, async () => {
  test.setTimeout(240_000)
  let left = VISITORS
  const lane = async (): Promise<void> => {
    while (left-- > 0) await (await browser.newVisitor()).goto(site.url)
  }
  await Promise.all(Array.from({ length: LANES }, lane))

  const client = new RelayClient({}, { url: relay.url })
  const info = await client.info()
  const node = await createPeerNode({
    privateKey: await generateKeyPair('Ed25519'),
    relays: () => [info],
    allowPrivate: true,
    relayOnly: false,
    maxPeers: 24,
  })
  try {
    await expect
      .poll(async () => (await candidates(node, client, info)).length, { timeout: 60_000, intervals: [1_000] })
      .toBe(VISITORS)
    const found = await candidates(node, client, info)
    expect(new Set(found.map(({ peer }) => peer)).size).toBe(VISITORS)
    const [address] = info.addresses.filter((known) => known.includes('/ws'))
    const times: number[] = []
    for (const { peer } of found) {
      const began = performance.now()
      const connection = await dialPeer(node, [
        multiaddr(`${withPeer(address ?? '', info.peerId)}/p2p-circuit/webrtc/p2p/${peer}`),
      ])
      times.push(performance.now() - began)
      expect(connection.remotePeer.toString()).toBe(peer)
      // Not through the relay.
      expect(connection.limits).toBeUndefined()
      await node.services.ping.ping(connection.remotePeer)
      await connection.close()
    }
    times.sort((a, b) => a - b)
    const figures = `${String(times.length)} dials in ms: median ${(times[times.length >> 1] ?? NaN).toFixed(0)}, slowest ${(times.at(-1) ?? NaN).toFixed(0)}`
    measured(figures)
    expect(times).toHaveLength(VISITORS)
  } finally {
    await node.stop()
  }
})

/** Visitors that the tracker says can be dialled. */
async function candidates(node: PeerNode, client: RelayClient, info: RelayInfo): Promise<readonly SwarmCandidate[]> {
  const name = parseSiteName(site.name)
  const [connection] = await Promise.all([
    node.dial(info.addresses.filter((address) => address.includes('/ws')).map((address) => multiaddr(address))),
  ])
  const { token } = await client.swarmToken(name, node.peerId.toString())
  const { peers } = await announce(connection, {
    site: name,
    token,
    event: AnnounceEvent.ANNOUNCE_STARTED,
    root: new Uint8Array(0),
    have: 0,
    total: 0,
    want: 50,
  })
  return peers
}

function withPeer(address: string, peer: string): string {
  return address.includes('/p2p/') ? address : `${address}/p2p/${peer}`
}
