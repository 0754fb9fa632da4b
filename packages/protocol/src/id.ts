import { peerIdFromCID } from '@libp2p/peer-id'
import type { PublicKey } from '@libp2p/interface'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { ValidationError } from './errors.ts'

/** The name of a site: its Ed25519 public key as a CIDv1 `libp2p-key` in base36, `k51…`. */
export type SiteName = string & { readonly siteName: unique symbol }

/** Multicodec of a libp2p public key as a CID. */
const LIBP2P_KEY = 0x72

/**
 * Reads a site's name.
 *
 * @param value - a `k51…` name, as it came from outside
 * @param field - how the error names the value
 * @throws {ValidationError} when it is not the name of an Ed25519 key
 */
export function parseSiteName(value: unknown, field = 'site name'): SiteName {
  if (typeof value !== 'string' || !/^k51[0-9a-z]{50,65}$/.test(value)) {
    throw new ValidationError(field, 'a name such as k51…', value)
  }
  try {
    publicKeyOfSite(value as SiteName)
  } catch (cause) {
    throw new ValidationError(field, 'the name of an Ed25519 key (k51…)', value, { cause })
  }
  return value as SiteName
}

/** The name of the site that this public key signs for. */
export function siteNameOf(publicKey: PublicKey): SiteName {
  if (publicKey.type !== 'Ed25519') {
    throw new ValidationError('site key', 'an Ed25519 key', publicKey.type)
  }
  return publicKey.toCID().toString(base36) as SiteName
}

/** The public key inside a site's name. */
export function publicKeyOfSite(name: SiteName): PublicKey {
  const cid = CID.parse(name, base36)
  if (cid.code !== LIBP2P_KEY) throw new ValidationError('site name', 'a libp2p key CID', name)
  const { publicKey } = peerIdFromCID(cid)
  if (publicKey?.type !== 'Ed25519') throw new ValidationError('site name', 'an Ed25519 key', name)
  return publicKey
}

/**
 * Reads a CID.
 *
 * @param field - how the error names the value
 * @throws {ValidationError} when it is not a CID
 */
export function parseCid(value: unknown, field = 'cid'): CID {
  if (typeof value !== 'string' || value.length > 200) throw new ValidationError(field, 'a CID', value)
  try {
    return CID.parse(value)
  } catch (cause) {
    throw new ValidationError(field, 'a CID', value, { cause })
  }
}
