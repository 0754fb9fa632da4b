import { encode as encodeCbor } from '@ipld/dag-cbor'
import { varint } from 'multiformats'
import type { CID } from 'multiformats/cid'

/** The CARv1 header of a CAR with these roots: its length, then DAG-CBOR. */
export function carHeader(roots: readonly CID[]): Uint8Array<ArrayBuffer> {
  const body = encodeCbor({ version: 1, roots })
  return Buffer.concat([lengthPrefix(body.byteLength), body])
}

/** What comes before the bytes of a block in a CAR: length and CID. */
export function carSection(cid: CID, bytes: number): Uint8Array<ArrayBuffer> {
  return Buffer.concat([lengthPrefix(cid.bytes.byteLength + bytes), cid.bytes])
}

/** A whole CARv1 in memory. */
export function carOf(blocks: readonly { cid: CID; bytes: Uint8Array }[]): Uint8Array<ArrayBuffer> {
  return Buffer.concat([
    carHeader([]),
    ...blocks.flatMap(({ cid, bytes }) => [carSection(cid, bytes.byteLength), bytes]),
  ])
}

function lengthPrefix(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)))
}
