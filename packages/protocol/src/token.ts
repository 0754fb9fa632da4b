import type { PrivateKey, PublicKey } from '@libp2p/interface'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { TokenError } from './errors.ts'
import { CLOCK_SKEW_MS, MAX_TOKEN_BYTES } from './limits.ts'

/**
 * Claims of a token, named as in RFC 7519.
 *
 * Publish token: issued by the site's key (`iss` = site name) to one relay
 * (`aud` = its peer id). Swarm token: issued by a relay (`iss` = its peer id)
 * to one peer (`sub` = its peer id) for one site (`aud` = site name).
 */
export interface TokenClaims {
  readonly scope: 'publish' | 'swarm'
  readonly iss: string
  readonly aud: string
  readonly sub?: string
  /** Seconds since 1970, as RFC 7519 has it. */
  readonly exp: number
}

/** What a token must say to be accepted. */
export interface ExpectedClaims {
  readonly scope: TokenClaims['scope']
  readonly aud: string
  readonly sub?: string
  /** Longest lifetime left that is believed. */
  readonly maxLifetimeMs: number
}

/** JOSE header of every token: a JWT (RFC 7519) signed with Ed25519 (RFC 8037). */
const HEADER = base64url(JSON.stringify({ alg: 'EdDSA', typ: 'JWT' }))

/** Signs claims as a compact JWT. */
export async function signToken(key: PrivateKey, claims: TokenClaims): Promise<string> {
  const signed = `${HEADER}.${base64url(JSON.stringify(claims))}`
  const signature = await key.sign(fromString(signed))
  return `${signed}.${toString(signature, 'base64url')}`
}

/**
 * Reads the claims without checking the signature, to learn whose key to check with.
 *
 * @throws {TokenError} when it is not a token of ours
 */
export function readToken(token: unknown): TokenClaims {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_BYTES) throw malformed()
  const [header, body, signature, ...rest] = token.split('.')
  if (header !== HEADER || body === undefined || signature === undefined || rest.length > 0) throw malformed()
  let claims: unknown
  try {
    claims = JSON.parse(toString(fromString(body, 'base64url')))
  } catch (cause) {
    throw malformed(cause)
  }
  if (!isClaims(claims)) throw malformed()
  return claims
}

/**
 * Checks a token and returns its claims.
 *
 * @param now - milliseconds since 1970
 * @throws {TokenError} with reason `expired`, `forbidden` or `invalid`
 */
export async function verifyToken(
  token: unknown,
  issuer: PublicKey,
  expected: ExpectedClaims,
  now: number,
): Promise<TokenClaims> {
  const claims = readToken(token)
  const text = token as string
  const at = text.lastIndexOf('.')
  let valid = false
  try {
    valid = await issuer.verify(fromString(text.slice(0, at)), fromString(text.slice(at + 1), 'base64url'))
  } catch (cause) {
    throw malformed(cause)
  }
  if (!valid) throw new TokenError('forbidden', 'The token is not signed by the key that it names')
  if (claims.scope !== expected.scope)
    throw new TokenError('forbidden', `The token is for ${claims.scope}, not for ${expected.scope}`)
  if (claims.aud !== expected.aud)
    throw new TokenError('forbidden', `The token is for ${claims.aud}, not for ${expected.aud}`)
  if (expected.sub !== undefined && claims.sub !== expected.sub)
    throw new TokenError('forbidden', 'The token belongs to another peer')
  const leftMs = claims.exp * 1000 - now
  if (leftMs < -CLOCK_SKEW_MS) throw new TokenError('expired', 'The token has expired')
  if (leftMs > expected.maxLifetimeMs + CLOCK_SKEW_MS)
    throw new TokenError('invalid', 'The token is valid for longer than is allowed')
  return claims
}

function isClaims(value: unknown): value is TokenClaims {
  if (typeof value !== 'object' || value === null) return false
  const { scope, iss, aud, sub, exp } = value as Record<string, unknown>
  return (
    (scope === 'publish' || scope === 'swarm') &&
    typeof iss === 'string' &&
    typeof aud === 'string' &&
    (sub === undefined || typeof sub === 'string') &&
    typeof exp === 'number' &&
    Number.isSafeInteger(exp)
  )
}

function malformed(cause?: unknown): TokenError {
  return new TokenError('invalid', 'The token is malformed', { cause })
}

function base64url(text: string): string {
  return toString(fromString(text), 'base64url')
}
