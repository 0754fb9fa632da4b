import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { AnnounceReply, MAX_TRACKER_PEERS, type TrackerPeer } from '@blackhole/protocol'
import { readIntroduction } from './tracker-client.ts'

const visitor = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const relay = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()

const entry = (changes: Partial<TrackerPeer> = {}): TrackerPeer => ({
  id: visitor.toMultihash().bytes,
  addresses: [],
  have: 3,
  total: 9,
  ...changes,
})

/** As a relay writes it beside a token. */
function swarm(changes: Partial<AnnounceReply>): string {
  const reply = { intervalMs: 60_000, peers: [], swarmPeers: 0, swarmHolders: 0, error: '', ...changes }
  return Buffer.from(AnnounceReply.encode(reply)).toString('base64')
}

it('takes of the peers that came with a token only what can be true, and leaves the others out', () => {
  const address = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(multiaddr(text).bytes)
  const { peers } = readIntroduction(
    swarm({
      peers: [
        entry({ id: new Uint8Array(0) }),
        entry({ id: new Uint8Array(200).fill(7) }),
        entry({ addresses: [new Uint8Array([255, 255, 255])] }),
        entry({
          addresses: [
            // Only the relay in it counts: the rest could be any host's.
            address(`/ip4/10.0.0.1/tcp/22/ws/p2p/${relay}/p2p-circuit/p2p/${visitor.toString()}`),
            address(`/dns4/victim.example/tcp/443/p2p/${visitor.toString()}`),
            ...Array.from({ length: 1_000 }, () => address(`/ip4/10.0.0.2/tcp/22/p2p/${relay}/p2p-circuit`)),
          ],
        }),
      ],
    }),
  )
  expect(peers).toEqual([{ peer: visitor.toString(), relays: [relay], have: 3, total: 9 }])
})

it('lets no relay make a visitor announce all the time, or never', () => {
  expect(readIntroduction(swarm({ intervalMs: 0 })).intervalMs).toBe(1_000)
  expect(readIntroduction(swarm({ intervalMs: 2 ** 31 })).intervalMs).toBe(600_000)
})

it('refuses more peers than a tracker may name', () => {
  const most = Array.from({ length: MAX_TRACKER_PEERS }, () => entry())
  expect(readIntroduction(swarm({ peers: most })).peers).toHaveLength(MAX_TRACKER_PEERS)
  expect(() => readIntroduction(swarm({ peers: [...most, entry()] }))).toThrow(/peers in the tracker's answer/)
})
