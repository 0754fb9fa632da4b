import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { ValidationError } from '@blackhole/protocol'
import { TAG, der, derInteger, expectDer, readDer } from './der.ts'

/** Object identifier of Ed25519, 1.3.101.112 (RFC 8410). */
const ED25519 = Uint8Array.of(0x2b, 0x65, 0x70)

const SEED_BYTES = 32

/** Encodes a key as PKCS #8 PrivateKeyInfo (RFC 5958, RFC 8410): what `openssl genpkey -algorithm ed25519` writes. */
export function encodePkcs8(key: Ed25519PrivateKey): Uint8Array<ArrayBuffer> {
  const seed = key.raw.subarray(0, SEED_BYTES)
  return der(
    TAG.sequence,
    derInteger(0),
    der(TAG.sequence, der(TAG.oid, ED25519)),
    der(TAG.octets, der(TAG.octets, seed)),
  )
}

/**
 * Reads a PKCS #8 PrivateKeyInfo.
 *
 * @throws {ValidationError} when it holds no Ed25519 key
 */
export async function decodePkcs8(bytes: Uint8Array): Promise<Ed25519PrivateKey> {
  const info = readDer(expectDer(readDer(bytes), 0, TAG.sequence))
  const algorithm = expectDer(readDer(expectDer(info, 1, TAG.sequence)), 0, TAG.oid)
  if (toString(algorithm, 'hex') !== toString(ED25519, 'hex')) throw new ValidationError('key', 'an Ed25519 key')
  const seed = expectDer(readDer(expectDer(info, 2, TAG.octets)), 0, TAG.octets)
  if (seed.byteLength !== SEED_BYTES)
    throw new ValidationError('key', `a seed of ${String(SEED_BYTES)} bytes`, seed.byteLength)
  return await generateKeyPairFromSeed('Ed25519', seed.slice())
}

/** Encodes bytes as PEM (RFC 7468). */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines = toString(bytes, 'base64pad').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** Reads the first PEM block of a text; undefined when there is none. */
export function decodePem(text: string): { label: string; bytes: Uint8Array<ArrayBuffer> } | undefined {
  const found = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/.exec(text)
  if (found === null) return undefined
  const [, label = '', body = ''] = found
  try {
    return { label, bytes: fromString(body.replace(/\s/g, ''), 'base64pad') }
  } catch (cause) {
    throw new ValidationError('key', 'PEM with whole base64 inside', undefined, { cause })
  }
}
