import { MAX_BLOCK_BYTES, parseCid } from '@blackhole/protocol'
import type { CID } from 'multiformats/cid'

/** Multicodec of SHA2-256, the hash of everything that Blackhole publishes. */
const SHA2_256 = 0x12
/** Multicodec of the identity hash: the CID holds the bytes themselves. */
const IDENTITY = 0x00

/**
 * Whether bytes hash to their CID. Runs on WebCrypto, off the calling thread.
 * Other hashes than SHA2-256 and identity are never true: what can't be checked is not trusted.
 *
 * @throws {ValidationError} when `cid` is a text that is not a CID
 */
export async function verifyBlock(cid: CID | string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  if (bytes.byteLength > MAX_BLOCK_BYTES) return false
  const { multihash } = typeof cid === 'string' ? parseCid(cid) : cid
  if (multihash.code === IDENTITY) return equal(multihash.digest, bytes)
  if (multihash.code !== SHA2_256 || multihash.digest.byteLength !== 32) return false
  return equal(multihash.digest, new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at])
}
