import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import {
  CLOCK_SKEW_MS,
  MAX_PUBLISH_TOKEN_MS,
  SWARM_TOKEN_MS,
  TokenError,
  ValidationError,
  publicKeyOfSite,
  readToken,
  signToken,
  verifyToken,
} from '@blackhole/protocol'
import type { SiteName, SwarmToken, TokenClaims } from '@blackhole/protocol'

/** What {@link SwarmTokens} works with. */
export interface TokensComponents {
  privateKey: PrivateKey
  /** The relay's own peer id. */
  peerId: string
  now: () => number
  /** Whether tokens of another relay, by peer id, are accepted as its own: those of fellows. Default: none. */
  isFellow?: (peer: string) => boolean
}

/** Issues and checks the tokens that let a peer join a site's swarm. */
export class SwarmTokens {
  readonly #components: TokensComponents

  constructor(components: TokensComponents) {
    this.#components = components
  }

  /**
   * Permission for one peer to join one site's swarm.
   *
   * @param peer - a peer id, as it came from outside
   */
  async issue(site: SiteName, peer: unknown): Promise<SwarmToken> {
    const { privateKey, peerId, now } = this.#components
    const expires = now() + SWARM_TOKEN_MS
    const token = await signToken(privateKey, {
      scope: 'swarm',
      iss: peerId,
      aud: site,
      sub: parsePeer(peer),
      exp: Math.floor(expires / 1000),
    })
    return { token, expires: new Date(expires).toISOString() }
  }

  /**
   * Checks a token that a peer showed: of this relay, or of a fellow.
   *
   * @returns what it says, for {@link SwarmTokens.recheck}
   * @throws {TokenError}
   */
  async verify(token: string, site: SiteName, peer: string): Promise<TokenClaims> {
    const { privateKey, peerId, now, isFellow } = this.#components
    const { iss } = readToken(token)
    if (iss !== peerId && isFellow?.(iss) !== true)
      throw new TokenError('forbidden', 'The token was issued by another relay')
    const issuer = iss === peerId ? privateKey.publicKey : peerIdFromString(iss).publicKey
    if (issuer === undefined) throw new TokenError('invalid', 'The token names an issuer without an Ed25519 key')
    return await verifyToken(
      token,
      issuer,
      { scope: 'swarm', aud: site, sub: peer, maxLifetimeMs: SWARM_TOKEN_MS },
      now(),
    )
  }

  /**
   * Checks of a token that was verified before what may have changed since: that it has not expired, and that its issuer,
   * if it is not this relay, still is a fellow.
   *
   * @throws {TokenError}
   */
  recheck({ iss, exp }: TokenClaims): void {
    const { peerId, now, isFellow } = this.#components
    if (exp * 1000 - now() < -CLOCK_SKEW_MS) throw new TokenError('expired', 'The token has expired')
    if (iss !== peerId && isFellow?.(iss) !== true)
      throw new TokenError('forbidden', 'The token was issued by another relay')
  }
}

/**
 * Checks that a request comes from the holder of the site's key.
 *
 * @param authorization - the header's value
 * @throws {TokenError}
 */
export async function verifyPublisher(
  authorization: string | undefined,
  site: SiteName,
  relay: string,
  now: number,
): Promise<void> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined)
    throw new TokenError('forbidden', `Publishing needs a token signed by the key of ${site}`, {
      subject: 'authorization',
    })
  const claims = readToken(token)
  if (claims.iss !== site)
    throw new TokenError('forbidden', `The token was issued by ${claims.iss.slice(0, 100)}, not by ${site}`)
  await verifyToken(
    token,
    publicKeyOfSite(site),
    { scope: 'publish', aud: relay, maxLifetimeMs: MAX_PUBLISH_TOKEN_MS },
    now,
  )
}

function parsePeer(value: unknown): string {
  if (typeof value !== 'string' || value.length > 100) throw new ValidationError('peer', 'a peer id', value)
  try {
    return peerIdFromString(value).toString()
  } catch (cause) {
    throw new ValidationError('peer', 'a peer id', value, { cause })
  }
}
