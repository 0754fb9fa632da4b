import { Announce, AnnounceEvent, AnnounceReply } from '@blackhole/protocol'
import type { Outcome } from './measures.ts'

/** Lengths that real ones have: an Ed25519 site name, a signed token, a peer id, a relay's circuit address. */
const SITE_CHARACTERS = 62
const TOKEN_CHARACTERS = 480
const PEER_ID_BYTES = 38
const ADDRESS_BYTES = 110
const ROOT_BYTES = 36

/** What a relay has to do for 1,000 visitors. */
export interface RelayCost {
  readonly announces: number
  readonly announceBytes: number
  /** Introductions: dials, each of which exchanges its offers through the relay. */
  readonly dials: number
  /** Site content that peers could not bring. */
  readonly contentBytes: number
  /** While so many are there at once as in this run. */
  readonly announcesPerSecond: number
}

/** Bytes of an announce and its answer with so many peers, as the product's codecs write them; framing of the stream left out. */
export function announceBytes(named: number): number {
  const question = Announce.encode({
    site: 'k'.repeat(SITE_CHARACTERS),
    token: 't'.repeat(TOKEN_CHARACTERS),
    event: AnnounceEvent.ANNOUNCE_UPDATE,
    root: new Uint8Array(ROOT_BYTES),
    have: 100,
    total: 200,
    want: 12,
  })
  const peer = { id: new Uint8Array(PEER_ID_BYTES), addresses: [new Uint8Array(ADDRESS_BYTES)], have: 100, total: 200 }
  const answer = AnnounceReply.encode({
    intervalMs: 60_000,
    peers: Array.from({ length: Math.round(named) }, () => peer),
    swarmPeers: 1000,
    swarmHolders: 1000,
    error: '',
  })
  return question.byteLength + answer.byteLength
}

/** What a simulated crowd cost the relay, per 1,000 visitors. */
export function relayCost({ visitors, announces, named, dials, bytes, arrivingMs }: Outcome): RelayCost {
  const per = (value: number): number => (value / Math.max(1, visitors)) * 1000
  return {
    announces: per(announces),
    announceBytes: per(announces * announceBytes(named / Math.max(1, announces))),
    dials: per(dials),
    contentBytes: per(bytes.origin),
    announcesPerSecond: announces / Math.max(1, arrivingMs / 1000),
  }
}
