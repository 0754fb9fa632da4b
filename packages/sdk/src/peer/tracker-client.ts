import { peerIdFromMultihash } from '@libp2p/peer-id'
import { CODE_P2P, CODE_P2P_CIRCUIT, multiaddr } from '@multiformats/multiaddr'
import * as Digest from 'multiformats/hashes/digest'
import {
  Announce,
  AnnounceReply,
  BlackholeError,
  LimitError,
  MAX_TRACKER_PEERS,
  TRACKER_PROTOCOL,
  errorFromWire,
  type TrackerPeer,
} from '@blackhole/protocol'
import { ask, type AskOptions, type StreamOpener } from './control-stream.ts'

/** Another visitor of the swarm, as a tracker told. */
export interface SwarmCandidate {
  readonly peer: string
  /** Peer ids of the relays where it has a reservation. */
  readonly relays: readonly string[]
  /** Pieces that it holds, and how many there are. */
  readonly have: number
  readonly total: number
}

/** A checked answer of a tracker. */
export interface TrackerAnswer {
  /** When to announce again. */
  readonly intervalMs: number
  readonly peers: readonly SwarmCandidate[]
  /** Peers in the swarm besides the asker, and how many of them hold pieces. */
  readonly swarmPeers: number
  readonly swarmHolders: number
}

/** What a peer tells a tracker. */
export type Announcement = Omit<Announce, 'keep'>

/** A relay that asks for more often would be a relay that attacks itself. */
const MIN_INTERVAL_MS = 1_000
const MAX_INTERVAL_MS = 10 * 60_000

/** Addresses of one peer that are read. */
const MAX_ADDRESSES = 16

/**
 * Announces once to a site's swarm at a relay and reads who else is there.
 *
 * @throws {BlackholeError} what the relay refused with
 */
export async function announce(
  connection: StreamOpener,
  message: Announcement,
  options: AskOptions = {},
): Promise<TrackerAnswer> {
  const question = { codec: Announce, message: { ...message, keep: false } }
  return readAnswer(await ask(connection, TRACKER_PROTOCOL, question, AnnounceReply, options))
}

/**
 * Checks what a tracker answered.
 *
 * @throws {BlackholeError} what the relay refused with
 */
export function readAnswer(reply: AnnounceReply): TrackerAnswer {
  if (reply.error !== '') throw refusal(reply.error)
  if (reply.peers.length > MAX_TRACKER_PEERS)
    throw new LimitError("peers in the tracker's answer", MAX_TRACKER_PEERS, reply.peers.length)
  return {
    intervalMs: Math.min(Math.max(reply.intervalMs, MIN_INTERVAL_MS), MAX_INTERVAL_MS),
    peers: reply.peers.flatMap((peer) => readPeer(peer) ?? []),
    swarmPeers: reply.swarmPeers,
    swarmHolders: reply.swarmHolders,
  }
}

/**
 * Checks whom a relay named with its token.
 *
 * @param swarm - an `AnnounceReply` in base64
 * @throws {Error} when it is something else
 */
export function readIntroduction(swarm: string): TrackerAnswer {
  return readAnswer(AnnounceReply.decode(Uint8Array.from(atob(swarm), (char) => char.charCodeAt(0))))
}

/** What a relay refused with: the JSON of a wire error, or plain text. */
export function refusal(error: string): BlackholeError {
  try {
    return errorFromWire(JSON.parse(error))
  } catch {
    return new BlackholeError('forbidden', error.slice(0, 500))
  }
}

/** One bad entry doesn't spoil the others: it is left out. */
function readPeer({ id, addresses, have, total }: TrackerPeer): SwarmCandidate | undefined {
  try {
    const peer = peerIdFromMultihash(Digest.decode(id)).toString()
    return {
      peer,
      relays: [...new Set(addresses.slice(0, MAX_ADDRESSES).flatMap((address) => relayOf(address) ?? []))],
      have,
      total,
    }
  } catch {
    return undefined
  }
}

/**
 * The relay in a peer's address. Only its id is used: the rest of the address
 * was written by a stranger and could name any host.
 */
function relayOf(address: Uint8Array): string | undefined {
  const components = multiaddr(address).getComponents()
  const circuit = components.findIndex(({ code }) => code === CODE_P2P_CIRCUIT)
  return components.findLast(({ code }, at) => code === CODE_P2P && at < circuit)?.value
}
