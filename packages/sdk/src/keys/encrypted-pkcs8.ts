import { BlackholeError, LimitError, ValidationError } from '@blackhole/protocol'
import { toString } from 'uint8arrays/to-string'
import { TAG, der, derInteger, expectDer, readDer } from './der.ts'

/** 1.2.840.113549.1.5.13, PBES2 (RFC 8018). */
const PBES2 = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d)
/** 1.2.840.113549.1.5.12, PBKDF2. */
const PBKDF2 = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c)
/** 1.2.840.113549.2.9, HMAC with SHA-256. */
const HMAC_SHA256 = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09)
/** 2.16.840.1.101.3.4.1.42, AES-256 in CBC mode. */
const AES256_CBC = Uint8Array.of(0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a)

/** Rounds of PBKDF2 with HMAC-SHA-256, as the OWASP Password Storage Cheat Sheet asks for. */
export const KEY_ITERATIONS = 600_000

/** A file that asks for more would hang whoever opens it. */
const MAX_ITERATIONS = 10_000_000

const SALT_BYTES = 16
const IV_BYTES = 16

/**
 * Encrypts a PKCS #8 key under a passphrase as EncryptedPrivateKeyInfo (RFC
 * 5958) with PBES2 (RFC 8018): PBKDF2-HMAC-SHA-256 and AES-256-CBC, which
 * OpenSSL reads too.
 */
export async function encryptPkcs8(
  plain: Uint8Array<ArrayBuffer>,
  passphrase: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const key = await deriveKey(passphrase, salt, KEY_ITERATIONS, 'encrypt')
  const encrypted = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, plain))
  const derivation = der(
    TAG.sequence,
    der(TAG.oid, PBKDF2),
    der(
      TAG.sequence,
      der(TAG.octets, salt),
      derInteger(KEY_ITERATIONS),
      der(TAG.sequence, der(TAG.oid, HMAC_SHA256), der(TAG.nothing)),
    ),
  )
  const cipher = der(TAG.sequence, der(TAG.oid, AES256_CBC), der(TAG.octets, iv))
  const algorithm = der(TAG.sequence, der(TAG.oid, PBES2), der(TAG.sequence, derivation, cipher))
  return der(TAG.sequence, algorithm, der(TAG.octets, encrypted))
}

/**
 * Decrypts what {@link encryptPkcs8} or OpenSSL (with the same algorithms) made.
 *
 * @throws {BlackholeError} `forbidden` when the passphrase is wrong
 * @throws {ValidationError} when it is something else, or uses other algorithms
 */
export async function decryptPkcs8(bytes: Uint8Array, passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
  const outer = readDer(expectDer(readDer(bytes), 0, TAG.sequence))
  const algorithm = readDer(expectDer(outer, 0, TAG.sequence))
  expectOid(expectDer(algorithm, 0, TAG.oid), PBES2, 'PBES2')
  const schemes = readDer(expectDer(algorithm, 1, TAG.sequence))
  const derivation = readDer(expectDer(schemes, 0, TAG.sequence))
  expectOid(expectDer(derivation, 0, TAG.oid), PBKDF2, 'PBKDF2')
  const parameters = readDer(expectDer(derivation, 1, TAG.sequence))
  const salt = expectDer(parameters, 0, TAG.octets).slice()
  const iterations = expectDer(parameters, 1, TAG.integer).reduce((sum, byte) => sum * 256 + byte, 0)
  if (iterations > MAX_ITERATIONS) throw new LimitError('key iterations', MAX_ITERATIONS, iterations)
  const hash = parameters.findLast(({ tag }) => tag === TAG.sequence)
  expectOid(expectDer(readDer(hash?.content ?? new Uint8Array(0)), 0, TAG.oid), HMAC_SHA256, 'HMAC with SHA-256')
  const cipher = readDer(expectDer(schemes, 1, TAG.sequence))
  expectOid(expectDer(cipher, 0, TAG.oid), AES256_CBC, 'AES-256-CBC')
  const iv = expectDer(cipher, 1, TAG.octets).slice()
  const encrypted = expectDer(outer, 1, TAG.octets).slice()
  const key = await deriveKey(passphrase, salt, iterations, 'decrypt')
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, encrypted))
  } catch (cause) {
    throw new BlackholeError('forbidden', 'The passphrase of the key is wrong', { cause })
  }
}

function expectOid(found: Uint8Array, wanted: Uint8Array, name: string): void {
  if (toString(found, 'hex') !== toString(wanted, 'hex')) {
    throw new ValidationError(
      'key',
      `encrypted with PBES2, PBKDF2, HMAC-SHA-256 and AES-256-CBC, not with another ${name}`,
    )
  }
}

async function deriveKey(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
  use: 'encrypt' | 'decrypt',
): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(passphrase.normalize('NFC')),
    'PBKDF2',
    false,
    ['deriveKey'],
  )
  return await crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    secret,
    { name: 'AES-CBC', length: 256 },
    false,
    [use],
  )
}
