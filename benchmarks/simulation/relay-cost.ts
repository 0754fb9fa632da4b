import { Announce, AnnounceEvent, AnnounceReply } from '@blackhole/protocol'
import type { Outcome } from './measures.ts'

/** Lengths that real ones have: an Ed25519 site name, a signed token, a peer id, a relay's circuit address. */
const SITE_CHARACTERS = 62
const TOKEN_CHARACTERS = 480
const PEER_ID_BYTES = 38
const ADDRESS_BYTES = 110
const ROOT_BYTES = 36

/** What the cost is reckoned of. */
export type CostlyOutcome = Pick<Outcome, 'visitors' | 'announces' | 'named' | 'dials' | 'bytes' | 'arrivingMs'>

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

/** What an announcement is. */
export interface AnnounceSize {
  /** Peers in the answer. */
  readonly named: number
  /** The first on its stream says site and token; the relay remembers them for those that follow on it. */
  readonly isFirst: boolean
}

/** Bytes of an announce and its answer, as the product's codecs write them; framing of the stream left out. */
export function announceBytes({ named, isFirst }: AnnounceSize): number {
  const question = Announce.encode({
    site: isFirst ? 'k'.repeat(SITE_CHARACTERS) : '',
    token: isFirst ? 't'.repeat(TOKEN_CHARACTERS) : '',
    event: AnnounceEvent.ANNOUNCE_UPDATE,
    root: new Uint8Array(ROOT_BYTES),
    have: 100,
    total: 200,
    want: 12,
    keep: true,
  })
  const peer = { id: new Uint8Array(PEER_ID_BYTES), addresses: [new Uint8Array(ADDRESS_BYTES)], have: 100, total: 200 }
  const answer = AnnounceReply.encode({
    intervalMs: 60_000,
    peers: Array.from({ length: Math.round(named) }, () => peer),
    swarmPeers: 1000,
    swarmHolders: 1000,
    error: '',
    kept: true,
  })
  return question.byteLength + answer.byteLength
}

/** What a simulated crowd cost the relay, per 1,000 visitors. */
export function relayCost(outcome: CostlyOutcome): RelayCost {
  const { visitors, announces, named, dials, bytes, arrivingMs } = outcome
  const per = (value: number): number => (value / Math.max(1, visitors)) * 1000
  // Each visitor keeps one stream; who left before its first announcement is none of the announces.
  const first = Math.min(visitors, announces)
  const each = { named: named / Math.max(1, announces) }
  const later = (announces - first) * announceBytes({ ...each, isFirst: false })
  return {
    announces: per(announces),
    announceBytes: per(first * announceBytes({ ...each, isFirst: true }) + later),
    dials: per(dials),
    contentBytes: per(bytes.origin),
    announcesPerSecond: announces / Math.max(1, arrivingMs / 1000),
  }
}
