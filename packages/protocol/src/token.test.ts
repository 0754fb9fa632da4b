import { generateKeyPair } from '@libp2p/crypto/keys'
import { describe, expect, it } from 'vitest'
import { MAX_TOKEN_BYTES } from './limits.ts'
import { readToken, signToken, verifyToken } from './token.ts'
import type { ExpectedClaims, TokenClaims } from './token.ts'

const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const CLAIMS: TokenClaims = { scope: 'swarm', iss: 'relay', aud: 'site', sub: 'peer', exp: NOW / 1000 + 600 }
const EXPECTED: ExpectedClaims = { scope: 'swarm', aud: 'site', sub: 'peer', maxLifetimeMs: HOUR }

const key = await generateKeyPair('Ed25519')
const token = await signToken(key, CLAIMS)

describe('a token', () => {
  it('is a JWT with EdDSA (RFC 8037) that says what was signed', async () => {
    const [header] = token.split('.')
    expect(JSON.parse(Buffer.from(header ?? '', 'base64url').toString())).toMatchObject({ alg: 'EdDSA' })
    expect(await verifyToken(token, key.publicKey, EXPECTED, NOW)).toEqual(CLAIMS)
  })

  it.each([
    ['of another scope', { scope: 'publish' }],
    ['for another site', { aud: 'other' }],
    ['of another peer', { sub: 'other' }],
  ] as const)('%s is refused', async (_, changes) => {
    const verified = verifyToken(token, key.publicKey, { ...EXPECTED, ...changes }, NOW)
    await expect(verified).rejects.toMatchObject({ name: 'TokenError', reason: 'forbidden' })
  })

  it('of another key, or changed, is refused', async () => {
    const other = await generateKeyPair('Ed25519')
    await expect(verifyToken(token, other.publicKey, EXPECTED, NOW)).rejects.toMatchObject({ reason: 'forbidden' })
    const [header, , signature] = token.split('.')
    const body = Buffer.from(JSON.stringify({ ...CLAIMS, exp: CLAIMS.exp + 1 })).toString('base64url')
    const changed = [header, body, signature].join('.')
    await expect(verifyToken(changed, key.publicKey, EXPECTED, NOW)).rejects.toMatchObject({ reason: 'forbidden' })
  })

  it('ends, and may not be made for ever', async () => {
    await expect(verifyToken(token, key.publicKey, EXPECTED, NOW + HOUR)).rejects.toMatchObject({ reason: 'expired' })
    const long = verifyToken(token, key.publicKey, { ...EXPECTED, maxLifetimeMs: 1000 }, NOW - HOUR)
    await expect(long).rejects.toMatchObject({ reason: 'invalid' })
  })

  it.each([undefined, '', 'a.b', 'a.b.c', `${token}.x`, token.slice(1), 'x'.repeat(MAX_TOKEN_BYTES + 1)])(
    'is not %.20j',
    (value) => {
      expect(() => readToken(value)).toThrow('The token is malformed')
    },
  )

  it('without a signing algorithm is none', () => {
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    expect(() => readToken([none, ...token.split('.').slice(1)].join('.'))).toThrow('malformed')
  })
})
