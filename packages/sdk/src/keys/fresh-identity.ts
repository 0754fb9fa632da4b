import { generateKeyPair, privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { fromString } from 'uint8arrays/from-string'
import { concat } from 'uint8arrays/concat'
import { abortable } from '../sleep.ts'

/** The part of Web Crypto that makes keys. */
export type KeyMaker = Pick<SubtleCrypto, 'generateKey' | 'exportKey'>

/** The browser takes some milliseconds, and longer where the machine is busy; one that takes so long hangs. */
export const IDENTITY_TIMEOUT_MS = 2_000

/**
 * A new Ed25519 key, made by the browser (Web Crypto, RFC 8037): libp2p makes keys in JavaScript, whose tables of the
 * curve take a page that has just started as long as a round trip. Where the browser has no Ed25519, or doesn't answer
 * in {@link IDENTITY_TIMEOUT_MS}, libp2p does it.
 *
 * @param subtle - null where there is none, as in insecure contexts. Default: that of the world
 */
export async function freshIdentity(
  subtle: KeyMaker | null = (globalThis.crypto as Partial<Crypto>).subtle ?? null,
): Promise<Ed25519PrivateKey> {
  const making = made(subtle).catch(() => undefined)
  const inTime = abortable(making, AbortSignal.timeout(IDENTITY_TIMEOUT_MS)).catch(() => undefined)
  return (await inTime) ?? (await generateKeyPair('Ed25519'))
}

async function made(subtle: KeyMaker | null): Promise<Ed25519PrivateKey | undefined> {
  const pair = await subtle?.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])
  if (subtle === null || pair === undefined || !('privateKey' in pair)) return undefined
  const { d, x } = await subtle.exportKey('jwk', pair.privateKey)
  if (d === undefined || x === undefined) return undefined
  const key = privateKeyFromRaw(concat([fromString(d, 'base64url'), fromString(x, 'base64url')]))
  return key.type === 'Ed25519' ? key : undefined
}
