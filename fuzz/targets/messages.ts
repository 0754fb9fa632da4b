import { deepStrictEqual } from 'node:assert/strict'
import {
  Announce,
  AnnounceEvent,
  AnnounceReply,
  CdnMessage,
  HostingReply,
  HostingRequest,
  HostingVerb,
  RejectReason,
  errorToWire,
  NotFoundError,
} from '@blackhole/protocol'
import type { Coming } from '@blackhole/protocol'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { isDecodingError } from '../harness/our-error.ts'
import { roundTrip } from '../harness/round-trip.ts'
import { bytes, cids, texts, uint32 } from '../harness/samples.ts'
import { BrokenPromise } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'

interface Codec<T> {
  encode(message: T): Uint8Array<ArrayBuffer>
  decode(bytes: Uint8Array): T
}

const root = cids.map((cid) => new Uint8Array(cid.bytes))

/** What a peer says of the pieces that it is getting from elsewhere. */
export const comings: Arbitrary<Coming> = fc.record({
  root,
  pieces: fc.array(uint32, { maxLength: 70 }),
  over: fc.boolean(),
})

/** Messages between peers, each of one kind, as peers send them. */
export const cdnMessages: Arbitrary<CdnMessage> = fc.oneof(
  fc.record({
    hello: fc.record({
      version: uint32,
      site: texts(62),
      token: texts(200),
      lastResort: fc.boolean(),
      frameChannel: fc.boolean(),
    }),
  }),
  fc.record({ subscribe: fc.record({ root }) }),
  fc.record({ bitfield: fc.record({ root, bits: bytes(64) }) }),
  fc.record({ have: fc.record({ root, pieces: fc.array(uint32, { maxLength: 20 }) }) }),
  fc.record({ request: fc.record({ id: uint32, cid: root, offset: uint32, length: uint32 }) }),
  fc.record({ piece: fc.record({ id: uint32, offset: uint32, size: uint32, data: bytes(300) }) }),
  fc.record({ cancel: fc.record({ id: uint32 }) }),
  fc.record({
    reject: fc.record({
      id: uint32,
      reason: fc.constantFrom(RejectReason.REJECT_UNSPECIFIED, RejectReason.REJECT_BUSY, RejectReason.REJECT_INVALID),
    }),
  }),
  fc.record({ choke: fc.record({ choked: fc.boolean() }) }),
  fc.record({ coming: comings }),
)

/** What visitors tell a tracker. */
export const announces: Arbitrary<Announce> = fc.record({
  site: texts(62),
  token: texts(300),
  event: fc.constantFrom(AnnounceEvent.ANNOUNCE_UPDATE, AnnounceEvent.ANNOUNCE_STARTED, AnnounceEvent.ANNOUNCE_STOPPED),
  root: fc.oneof(root, bytes(40)),
  have: uint32,
  total: uint32,
  want: uint32,
  keep: fc.boolean(),
})

const errors = fc.oneof(fc.constant(''), fc.constant(JSON.stringify(errorToWire(new NotFoundError('it')))), texts(80))

/** Answers of a tracker. */
export const announceReplies: Arbitrary<AnnounceReply> = fc.record({
  intervalMs: uint32,
  peers: fc.array(
    fc.record({
      id: bytes(40),
      addresses: fc.array(bytes(60), { maxLength: 4 }),
      have: uint32,
      total: uint32,
    }),
    { maxLength: 8 },
  ),
  swarmPeers: uint32,
  swarmHolders: uint32,
  error: errors,
  kept: fc.boolean(),
})

const hostingRequests: Arbitrary<HostingRequest> = fc.record({
  verb: fc.constantFrom(HostingVerb.HOSTING_GET, HostingVerb.HOSTING_PUT, HostingVerb.HOSTING_SUBSCRIBE),
  site: texts(62),
  record: bytes(400),
})

const hostingReplies: Arbitrary<HostingReply> = fc.record({ record: bytes(400), error: errors })

/** The protobuf messages. The codecs are made by protons: what they refuse they refuse with plain errors. */
export function messageTargets(): Target[] {
  return [
    messageTarget('cdn-message', 'messages between peers (CdnMessage)', CdnMessage, cdnMessages),
    messageTarget('announce', "a peer's announcement at the tracker (Announce)", Announce, announces),
    messageTarget('announce-reply', "the tracker's answer (AnnounceReply)", AnnounceReply, announceReplies),
    messageTarget('hosting-request', 'a request for a site record (HostingRequest)', HostingRequest, hostingRequests),
    messageTarget('hosting-reply', 'a site record from a relay (HostingReply)', HostingReply, hostingReplies),
  ]
}

/** A codec of protons: what it makes of bytes is the same when it is encoded and decoded again. */
export function messageTarget<T extends object>(
  name: string,
  about: string,
  codec: Codec<T>,
  values: Arbitrary<T>,
): Target {
  return {
    name,
    about,
    inputs: values.map((value) => codec.encode(value)),
    roundTrip: roundTrip(
      values,
      (value) => codec.encode(value),
      (encoded) => codec.decode(encoded),
    ),
    allows: isDecodingError,
    decode: (input) => {
      const message = codec.decode(input)
      try {
        deepStrictEqual(withoutTexts(codec.decode(codec.encode(message))), withoutTexts(message))
      } catch (cause) {
        throw new BrokenPromise('is not the same when it is encoded and decoded again', { cause })
      }
      return Object.entries(message)
        .filter(([, value]) => value !== undefined && value !== '' && value !== 0)
        .map(([field]) => field)
        .join(' ')
    },
  }
}

/** Texts that are not UTF-8 are read as something else by protons, and not the same again: who uses them checks them. */
function withoutTexts(message: object): unknown {
  return JSON.parse(
    JSON.stringify(message, (_key, value: unknown) => {
      if (typeof value === 'string' && !/^[A-Z_]+$/.test(value)) return 'text'
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
    }),
  )
}
