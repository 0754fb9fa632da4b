import { generateKeyPair, privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { fromString } from 'uint8arrays/from-string'
import { BlackholeError, ValidationError, siteNameOf, type SiteName } from '@blackhole/protocol'
import { decryptPkcs8, encryptPkcs8 } from './encrypted-pkcs8.ts'
import { decodePem, decodePkcs8, encodePem, encodePkcs8 } from './pkcs8.ts'

const PLAIN = 'PRIVATE KEY'
const ENCRYPTED = 'ENCRYPTED PRIVATE KEY'

/** No key is longer: what is handed in may be any file. */
const MAX_KEY_TEXT = 10_000

/** The key that publishes a site. Who has it can publish; who loses it can't. */
export interface SiteKey {
  /** Name of the site that it publishes, `k51…`. */
  readonly name: SiteName
  readonly privateKey: Ed25519PrivateKey
}

/** Whether and how a key's text is protected. */
export interface PassphraseOptions {
  /** Empty or left out: none. */
  readonly passphrase?: string | undefined
}

/** Makes a new key, and with it a new name. */
export async function createSiteKey(): Promise<SiteKey> {
  return siteKeyOf(await generateKeyPair('Ed25519'))
}

/** The site key of an Ed25519 private key. */
export function siteKeyOf(privateKey: Ed25519PrivateKey): SiteKey {
  return { name: siteNameOf(privateKey.publicKey), privateKey }
}

/** Writes a key as PEM: PKCS #8, encrypted when there is a passphrase. */
export async function exportSiteKey(key: SiteKey, options: PassphraseOptions = {}): Promise<string> {
  const plain = encodePkcs8(key.privateKey)
  if (options.passphrase === undefined || options.passphrase === '') return encodePem(PLAIN, plain)
  return encodePem(ENCRYPTED, await encryptPkcs8(plain, options.passphrase))
}

/** Whether a key's text needs a passphrase. */
export function isEncryptedKey(text: string): boolean {
  return text.includes(`-----BEGIN ${ENCRYPTED}-----`)
}

/**
 * Reads a key: PEM as {@link exportSiteKey}, OpenSSL and `ipfs key export -f
 * pem-pkcs8-cleartext` write it, or libp2p's protobuf form in base64.
 *
 * @throws {BlackholeError} `forbidden` when the passphrase is missing or wrong
 * @throws {ValidationError} when it is no Ed25519 key
 */
export async function importSiteKey(text: string, options: PassphraseOptions = {}): Promise<SiteKey> {
  if (text.length > MAX_KEY_TEXT)
    throw new ValidationError('key', `a text of at most ${String(MAX_KEY_TEXT)} characters`)
  const pem = decodePem(text)
  if (pem === undefined) return siteKeyOf(readProtobuf(text))
  if (pem.label === PLAIN) return siteKeyOf(await decodePkcs8(pem.bytes))
  if (pem.label !== ENCRYPTED) throw new ValidationError('key', `a "${PLAIN}" or "${ENCRYPTED}"`, pem.label)
  if (options.passphrase === undefined || options.passphrase === '') {
    throw new BlackholeError('forbidden', 'The key is encrypted: a passphrase is needed')
  }
  return siteKeyOf(await decryptToKey(pem.bytes, options.passphrase))
}

/** A wrong passphrase passes the cipher's padding once in 256 times, and then what comes out is no key. */
async function decryptToKey(bytes: Uint8Array, passphrase: string): Promise<Ed25519PrivateKey> {
  const plain = await decryptPkcs8(bytes, passphrase)
  try {
    return await decodePkcs8(plain)
  } catch (cause) {
    throw new BlackholeError('forbidden', 'The passphrase of the key is wrong', { cause })
  }
}

function readProtobuf(text: string): Ed25519PrivateKey {
  try {
    const key = privateKeyFromProtobuf(fromString(text.trim().replace(/=+$/, ''), 'base64'))
    if (key.type === 'Ed25519') return key
  } catch (cause) {
    throw new ValidationError('key', 'PEM (PKCS #8) or a libp2p private key in base64', undefined, { cause })
  }
  throw new ValidationError('key', 'an Ed25519 key')
}
