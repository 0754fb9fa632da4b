import { AnnounceEvent, AnnounceReply, CONTROL_TIMEOUT_MS, HostingReply, MAX_TRACKER_PEERS } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { peekSite } from '../../packages/relay/src/last-resort/peek-hello.ts'
import { relayThat } from '../../packages/sdk/src/peer/relay-harness.ts'
import { announce } from '../../packages/sdk/src/peer/tracker-client.ts'
import { followRecords } from '../../packages/sdk/src/peer/hosting-client.ts'
import { encodeFrame } from '../../packages/swarm/src/frame-writer.ts'
import { isDecodingError } from '../harness/our-error.ts'
import { bytes, sampleSite, uint32 } from '../harness/samples.ts'
import { promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'
import { announceReplies } from './messages.ts'

/** Whole exchanges on streams whose other side is hostile: the length before the message is fuzzed, too. */
export async function trackerTargets(): Promise<Target[]> {
  const site = await sampleSite()
  return [await tracker(site), hosting(site), hello(site)]
}

async function tracker(site: SiteName): Promise<Target> {
  const ids = await Promise.all(
    [1, 2].map(async (fill) =>
      peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(fill))),
    ),
  )
  const [relay, visitor] = ids
  const addresses = [
    `/dns4/relay.example/tcp/443/wss/p2p/${String(relay)}/p2p-circuit/webrtc/p2p/${String(visitor)}`,
    `/ip4/127.0.0.1/tcp/80/ws/p2p/${String(relay)}`,
  ].map((address) => new Uint8Array(multiaddr(address).bytes))
  const peers = fc.array(
    fc.record({
      id: fc.constantFrom(...ids.map((id) => new Uint8Array(id.toMultihash().bytes))),
      addresses: fc.subarray(addresses),
      have: uint32,
      total: uint32,
    }),
    { maxLength: 5 },
  )
  const replies = fc
    .tuple(announceReplies, fc.option(peers))
    .map(([reply, real]) => (real === null ? reply : { ...reply, peers: real, error: '' }))
  return {
    name: 'tracker',
    about: "a tracker's answer on its stream, read by a visitor",
    inputs: replies.map((reply) => framed(AnnounceReply.encode(reply))),
    words: ['/p2p-circuit', '{"name":"LimitError","reason":"limit","message":"x"}'],
    allows: isDecodingError,
    decode: async (input) => {
      const connection = relayThat(async (stream) => {
        stream.send(input.slice())
        await stream.close()
      })
      const event = AnnounceEvent.ANNOUNCE_UPDATE
      const message = { site, token: 't', event, root: new Uint8Array(0), have: 0, total: 0, want: 5 }
      const answer = await announce(connection, message)
      promised(answer.peers.length <= MAX_TRACKER_PEERS, 'has at most so many peers')
      promised(answer.intervalMs >= 1_000 && answer.intervalMs <= 600_000, 'has an interval that can be kept')
      promised(
        answer.peers.every(({ relays }) => relays.length <= 16 && relays.every((id) => /^[1-9A-Za-z]+$/.test(id))),
        'names relays by their ids, at most 16 for a peer',
      )
      return `${String(Math.min(2, answer.peers.length))} ${String(answer.peers.some(({ relays }) => relays.length > 0))}`
    },
  }
}

function hosting(site: SiteName): Target {
  const replies = fc.array(
    fc.record({ record: bytes(300), error: fc.constantFrom('', '', '{"reason":"missing"}', 'no') }),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  return {
    name: 'hosting',
    about: 'records that a relay sends on a stream, followed by a visitor',
    inputs: replies.map(
      (some) => new Uint8Array(Buffer.concat(some.map((reply) => framed(HostingReply.encode(reply))))),
    ),
    allows: isDecodingError,
    decode: async (input) => {
      let records = 0
      const connection = relayThat(async (stream) => {
        stream.send(input.slice())
        await stream.close()
      })
      const signal = AbortSignal.timeout(CONTROL_TIMEOUT_MS)
      await followRecords(
        connection,
        site,
        (record) => {
          promised(record.byteLength > 0 && record.byteLength <= 10 * 1024, 'hands on records of allowed length')
          records += 1
        },
        { signal },
      )
      return String(Math.min(3, records))
    },
  }
}

function hello(site: SiteName): Target {
  const hellos = fc
    .record({
      version: uint32,
      site: fc.constant(site),
      token: fc.string({ maxLength: 100 }),
      lastResort: fc.boolean(),
      frameChannel: fc.boolean(),
    })
    .map((greeting) => encodeFrame({ hello: greeting }))
  return {
    name: 'hello',
    about: 'the first message of a peer at a relay, which says for which site it comes',
    inputs: hellos,
    allows: isDecodingError,
    decode: async (input) => {
      const [ours, theirs] = await streamPair()
      ours.send(input.slice())
      await ours.close()
      const found = await peekSite(theirs, { signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) })
      theirs.abort(new Error('It was read'))
      promised(found.startsWith('k51'), 'is a site')
      return 'site'
    },
  }
}

/** A control message behind its length. */
function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const length: number[] = []
  let rest = message.byteLength
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80)
  return new Uint8Array(Buffer.concat([Uint8Array.from([...length, rest]), message]))
}
