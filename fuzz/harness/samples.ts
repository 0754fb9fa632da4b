import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { siteNameOf } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

/** The key of the site whose tokens, records and names are fuzzed: no secret. */
export async function sampleKey(): Promise<Ed25519PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))
}

/** The name of {@link sampleKey}'s site. */
export async function sampleSite(): Promise<SiteName> {
  return siteNameOf((await sampleKey()).publicKey)
}

/** A CID as sites have them: raw leaves and UnixFS nodes, SHA-256. */
export const cids: Arbitrary<CID> = fc
  .tuple(fc.constantFrom(0x55, 0x70), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([codec, hash]) => CID.createV1(codec, Digest.create(0x12, new Uint8Array(hash))))

/** A number that fits into a uint32, the bounds more often than others. */
export const uint32: Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  fc.integer({ min: 0, max: 0xffff_ffff }),
)

/** Bytes of a buffer of their own. */
export function bytes(maxLength: number, minLength = 0): Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength, maxLength }).map((array) => new Uint8Array(array))
}

/** A text that UTF-8 can carry. */
export function texts(maxLength: number): Arbitrary<string> {
  return fc.string({ unit: 'grapheme', maxLength })
}

/** UTF-8 of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** Text of UTF-8, whatever is wrong with it. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input)
}

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts))
}

/** Parts of a length, as a stream may bring them. */
export function cut(input: Uint8Array, size: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  // Many parts of a long input would only take time.
  const step = Math.max(size, Math.ceil(input.byteLength / 500))
  for (let at = 0; at < input.byteLength; at += step) parts.push(input.subarray(at, at + step))
  return parts
}
