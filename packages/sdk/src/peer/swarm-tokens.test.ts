import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { signToken, siteNameOf, type SwarmToken } from '@blackhole/protocol'
import { SwarmTokens, type TokenIssuer } from './swarm-tokens.ts'

const site = siteNameOf((await generateKeyPair('Ed25519')).publicKey)
const relayKey = await generateKeyPair('Ed25519')
const relay = peerIdFromPrivateKey(relayKey).toString()
const NOW = Date.UTC(2030, 0, 1)

function issuer(lifetimeMs: number, calls: { count: number }): TokenIssuer {
  return {
    peerId: relay,
    request: () => {
      calls.count++
      return Promise.resolve<SwarmToken>({
        token: `token ${String(calls.count)}`,
        expires: new Date(NOW + lifetimeMs).toISOString(),
      })
    },
  }
}

async function tokenFor(
  peer: string,
  changes: Partial<Parameters<typeof signToken>[1]> = {},
  key = relayKey,
): Promise<string> {
  return await signToken(key, { scope: 'swarm', iss: relay, aud: site, sub: peer, exp: NOW / 1000 + 600, ...changes })
}

describe('SwarmTokens', () => {
  it('asks once, and again before the token ends', async () => {
    const calls = { count: 0 }
    let now = NOW
    const tokens = new SwarmTokens({ issuers: () => [issuer(3_600_000, calls)], now: () => now }, { site })
    expect(await Promise.all([tokens.token(), tokens.token()])).toEqual(['token 1', 'token 1'])
    expect(await tokens.token({ relay })).toBe('token 1')
    now += 3_400_000
    expect(await tokens.token()).toBe('token 2')
  })

  it('says when there is no relay, and what the last one failed with', async () => {
    const now = (): number => NOW
    await expect(new SwarmTokens({ issuers: () => [], now }, { site }).token()).rejects.toMatchObject({
      reason: 'unavailable',
    })
    const failing: TokenIssuer = { peerId: relay, request: () => Promise.reject(new Error('not this origin')) }
    await expect(new SwarmTokens({ issuers: () => [failing], now }, { site }).token()).rejects.toThrow(
      'not this origin',
    )
  })

  it('accepts a token of its own relay for this site and that peer, and no other', async () => {
    const tokens = new SwarmTokens({ issuers: () => [issuer(1, { count: 0 })], now: () => NOW }, { site })
    await tokens.verify(await tokenFor('peer'), 'peer')
    await expect(tokens.verify(await tokenFor('peer'), 'another')).rejects.toMatchObject({ name: 'TokenError' })
    await expect(tokens.verify(await tokenFor('peer', { aud: 'k51other' }), 'peer')).rejects.toMatchObject({
      name: 'TokenError',
    })
    await expect(tokens.verify(await tokenFor('peer', { exp: NOW / 1000 - 120 }), 'peer')).rejects.toMatchObject({
      reason: 'expired',
    })
    await expect(tokens.verify(await tokenFor('peer', { exp: NOW / 1000 + 86_400 }), 'peer')).rejects.toMatchObject({
      name: 'TokenError',
    })
    const stranger = await generateKeyPair('Ed25519')
    await expect(tokens.verify(await tokenFor('peer', {}, stranger), 'peer')).rejects.toMatchObject({
      reason: 'forbidden',
    })
    const iss = peerIdFromPrivateKey(stranger).toString()
    await expect(tokens.verify(await tokenFor('peer', { iss }, stranger), 'peer')).rejects.toThrow('does not use')
  })
})
