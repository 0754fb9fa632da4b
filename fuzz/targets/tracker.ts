import {
  Announce,
  AnnounceEvent,
  AnnounceReply,
  CONTROL_TIMEOUT_MS,
  HostingReply,
  MAX_CONTROL_MESSAGE_BYTES,
  MAX_TRACKER_PEERS,
} from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { peekSite } from '../../packages/relay/src/last-resort/peek-hello.ts'
import { ControlReader } from '../../packages/relay/src/tracker/control-reader.ts'
import { relayThat } from '../../packages/sdk/src/peer/relay-harness.ts'
import { announce } from '../../packages/sdk/src/peer/tracker-client.ts'
import type { Announcement, TrackerAnswer } from '../../packages/sdk/src/peer/tracker-client.ts'
import { TrackerStream } from '../../packages/sdk/src/peer/tracker-stream.ts'
import { followRecords } from '../../packages/sdk/src/peer/hosting-client.ts'
import { encodeFrame } from '../../packages/swarm/src/frame-writer.ts'
import { isDecodingError } from '../harness/our-error.ts'
import { bytes, cut, joined, sampleSite, uint32 } from '../harness/samples.ts'
import { BrokenPromise, promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'
import { announceReplies, announces } from './messages.ts'

/** Whole exchanges on streams whose other side is hostile: the length before the message is fuzzed, too. */
export async function trackerTargets(): Promise<Target[]> {
  const site = await sampleSite()
  return [await tracker(site), keptTracker(site), announcements(), hosting(site), hello(site)]
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
      return checked(await announce(connection, announcement(site)))
    },
  }
}

function announcement(site: SiteName): Announcement {
  const event = AnnounceEvent.ANNOUNCE_UPDATE
  return { site, token: 't', event, root: new Uint8Array(0), have: 0, total: 0, want: 5 }
}

function checked(answer: TrackerAnswer): string {
  promised(answer.peers.length <= MAX_TRACKER_PEERS, 'has at most so many peers')
  promised(answer.intervalMs >= 1_000 && answer.intervalMs <= 600_000, 'has an interval that can be kept')
  promised(
    answer.peers.every(({ relays }) => relays.length <= 16 && relays.every((id) => /^[1-9A-Za-z]+$/.test(id))),
    'names relays by their ids, at most 16 for a peer',
  )
  return `${String(Math.min(2, answer.peers.length))} ${String(answer.peers.some(({ relays }) => relays.length > 0))}`
}

function keptTracker(site: SiteName): Target {
  const replies = fc.array(
    fc.tuple(announceReplies, fc.boolean()).map(([reply, kept]) => ({ ...reply, peers: [], error: '', kept })),
    { minLength: 1, maxLength: 4 },
  )
  return {
    name: 'kept-tracker',
    about: "a tracker's answers on a stream that a visitor keeps",
    inputs: replies.map((some) => joined(some.map((reply) => framed(AnnounceReply.encode(reply))))),
    allows: isDecodingError,
    decode: async (input) => {
      let streams = 0
      const stream = new TrackerStream(
        relayThat(async (opened) => {
          streams += 1
          opened.send(input.slice())
          await opened.close()
        }),
      )
      const said: string[] = []
      try {
        for (let time = 0; time < 3; time += 1) said.push(checked(await stream.announce(announcement(site))))
      } finally {
        stream.close()
      }
      promised(!stream.isKept, 'keeps no stream that it has closed')
      // One that ended while it was kept is opened once more, and each announcement opens one where none is kept.
      promised(streams <= 3, 'opens at most one stream for an announcement')
      return `${String(streams)} ${[...new Set(said)].join(',')}`
    },
  }
}

function announcements(): Target {
  return {
    name: 'announcements',
    about: 'announcements on a stream that a visitor keeps, cut into messages by the relay (ControlReader)',
    inputs: fc
      .array(announces, { minLength: 1, maxLength: 4 })
      .map((some) => joined(some.map((one) => framed(Announce.encode(one))))),
    allows: (error) => error.message === 'The length of the message goes on' || isDecodingError(error),
    decode: (input) => {
      const whole = read([input])
      for (const size of [1, 3, 41]) {
        const parts = read(cut(input, size))
        promised(whole.error?.name === parts.error?.name, 'is refused or not however it is cut')
        if (whole.error !== undefined) continue
        promised(whole.messages.join() === parts.messages.join(), `reads the same in parts of ${String(size)} bytes`)
      }
      if (whole.error !== undefined) throw whole.error
      const decoded = whole.messages.map((hex) => Announce.decode(Buffer.from(hex, 'hex')))
      return `${String(Math.min(3, decoded.length))} ${decoded.some(({ keep }) => keep) ? 'kept' : ''}`
    },
  }
}

/** What a relay reads of the parts, in hexadecimal digits; up to the error when there is one. */
function read(parts: readonly Uint8Array[]): { messages: string[]; error?: Error } {
  const reader = new ControlReader()
  const messages: string[] = []
  try {
    for (const part of parts)
      for (const message of reader.read(part)) {
        promised(message.byteLength <= MAX_CONTROL_MESSAGE_BYTES, 'gives no message that is too long')
        messages.push(Buffer.from(message).toString('hex'))
      }
  } catch (error) {
    if (error instanceof BrokenPromise || !(error instanceof Error)) throw error
    return { messages, error }
  }
  return { messages }
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
    inputs: replies.map((some) => joined(some.map((reply) => framed(HostingReply.encode(reply))))),
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
  return joined([Uint8Array.from([...length, rest]), message])
}
