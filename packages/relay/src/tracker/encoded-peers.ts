import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { TrackerPeer } from '@blackhole/protocol'
import { MAX_SWARM_PEERS } from '../limits.ts'
import type { SwarmPeer } from './swarm-registry.ts'

/** Field 2 of an answer, with a length: a peer (`tracker.proto`). */
export const PEER_FIELD = 0x12

/** Code of `/p2p/` (421) as a varint. */
const P2P_CODE = Uint8Array.of(0xa5, 0x03)

/** A peer as answers name it. */
interface Known {
  readonly id: PeerId
  readonly multihash: Uint8Array
  /** What the encoding says. */
  have: number
  total: number
  circuit: Uint8Array | undefined
  field: Uint8Array
}

/**
 * Peers as they stand in answers of the tracker. The same ones are named again and again, and reading an id or writing an
 * address costs more than all else of a draw.
 */
export class EncodedPeers {
  /** As many as a full swarm has; the ones known longest are let go. */
  readonly #known = new Map<string, Known>()

  /** The id, read. */
  idOf(peer: string): PeerId {
    return this.#of(peer).id
  }

  /** The id as it is sent. */
  multihashOf(peer: string): Uint8Array {
    return this.#of(peer).multihash
  }

  /**
   * A peer as a field of an encoded `AnnounceReply`. Encoded messages may be put one after the other: a field that may be
   * there several times then has the values of all (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
   *
   * @param circuit - where visitors are reached at this relay, up to their own id; undefined when it has no address
   */
  fieldOf({ peer, have, total }: SwarmPeer, circuit: Uint8Array | undefined): Uint8Array {
    const known = this.#of(peer)
    if (known.field.byteLength === 0 || known.have !== have || known.total !== total || known.circuit !== circuit) {
      const addresses = circuit === undefined ? [] : [throughCircuit(circuit, known.multihash)]
      const bytes = TrackerPeer.encode({ id: new Uint8Array(known.multihash), addresses, have, total })
      known.field = withLength(bytes, PEER_FIELD)
      known.have = have
      known.total = total
      known.circuit = circuit
    }
    return known.field
  }

  #of(peer: string): Known {
    let known = this.#known.get(peer)
    if (known === undefined) {
      const [first] = this.#known.size >= MAX_SWARM_PEERS ? this.#known.keys() : []
      if (first !== undefined) this.#known.delete(first)
      const id = peerIdFromString(peer)
      const multihash = id.toMultihash().bytes
      known = { id, multihash, have: 0, total: 0, circuit: undefined, field: new Uint8Array(0) }
      this.#known.set(peer, known)
    }
    return known
  }
}

/** Puts the length of a message before it, as an unsigned varint, and before that the bytes of a tag. */
export function withLength(message: Uint8Array, ...tag: readonly number[]): Uint8Array {
  const head = [...tag]
  let length = message.byteLength
  for (; length >= 0x80; length >>>= 7) head.push((length & 0x7f) | 0x80)
  head.push(length)
  const bytes = new Uint8Array(head.length + message.byteLength)
  bytes.set(head)
  bytes.set(message, head.length)
  return bytes
}

/** Appends `/p2p/ID` in the binary form of multiaddrs: code, length, multihash. */
function throughCircuit(circuit: Uint8Array, id: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(circuit.byteLength + P2P_CODE.byteLength + 1 + id.byteLength)
  bytes.set(circuit)
  bytes.set(P2P_CODE, circuit.byteLength)
  // Multihashes of peer ids are shorter than 128 bytes, so that their length is one byte of a varint.
  bytes[circuit.byteLength + P2P_CODE.byteLength] = id.byteLength
  bytes.set(id, bytes.byteLength - id.byteLength)
  return bytes
}
