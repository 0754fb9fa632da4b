import { peerIdFromString } from '@libp2p/peer-id'
import {
  BlackholeError,
  SWARM_TOKEN_MS,
  TokenError,
  readToken,
  verifyToken,
  type SiteName,
  type SwarmToken,
} from '@blackhole/protocol'

/** Where tokens come from. */
export interface TokenIssuer {
  /** The relay's peer id. */
  readonly peerId: string
  request(options: { signal?: AbortSignal | undefined }): Promise<SwarmToken>
}

/** What the tokens need. */
export interface SwarmTokensComponents {
  /** The relays that answered by now. */
  readonly issuers: () => readonly TokenIssuer[]
  /** Whether one of these relays vouches for the tokens of another. Default: for none. */
  readonly isVouched?: (relay: string) => Promise<boolean>
  readonly now: () => number
}

/** A token is renewed when less of its life than this is left. */
const RENEW_BEFORE_MS = 5 * 60_000

/** Tokens for one peer and one site: asked for at the relays, kept, renewed, and those of others checked. */
export class SwarmTokens {
  readonly #components: SwarmTokensComponents
  readonly #site: SiteName
  readonly #kept = new Map<string, SwarmToken>()
  readonly #pending = new Map<string, Promise<string>>()

  constructor(components: SwarmTokensComponents, init: { site: SiteName }) {
    this.#components = components
    this.#site = init.site
  }

  /**
   * A token of one relay, or of whichever relay gives one first.
   *
   * @throws what the last relay failed with
   */
  async token(options: { relay?: string; signal?: AbortSignal | undefined } = {}): Promise<string> {
    const issuers = this.#components.issuers()
    const wanted = options.relay === undefined ? issuers : issuers.filter(({ peerId }) => peerId === options.relay)
    const kept = wanted.flatMap(({ peerId }) => this.#fresh(peerId) ?? [])
    if (kept[0] !== undefined) return kept[0]
    try {
      return await Promise.any(wanted.map((issuer) => this.#renew(issuer, options.signal)))
    } catch (error) {
      if (error instanceof AggregateError && error.errors.length > 0) throw error.errors[0]
      throw new BlackholeError('unavailable', 'No relay is there to give a swarm token')
    }
  }

  /**
   * Checks the token that another peer showed.
   *
   * @throws {TokenError} when it isn't of one of our relays or their fellows, for this site and for that peer
   */
  async verify(token: string, peer: string): Promise<void> {
    const { iss } = readToken(token)
    const { issuers, isVouched } = this.#components
    if (!issuers().some(({ peerId }) => peerId === iss) && (await isVouched?.(iss)) !== true) {
      throw new TokenError('forbidden', 'The token is of a relay that this site does not use')
    }
    const issuer = peerIdFromString(iss).publicKey
    if (issuer === undefined) throw new TokenError('invalid', 'The token names an issuer without an Ed25519 key')
    const expected = { scope: 'swarm', aud: this.#site, sub: peer, maxLifetimeMs: SWARM_TOKEN_MS } as const
    await verifyToken(token, issuer, expected, this.#components.now())
  }

  #fresh(relay: string): string | undefined {
    const kept = this.#kept.get(relay)
    if (kept === undefined || Date.parse(kept.expires) - this.#components.now() < RENEW_BEFORE_MS) return undefined
    return kept.token
  }

  async #renew(issuer: TokenIssuer, signal: AbortSignal | undefined): Promise<string> {
    const pending = this.#pending.get(issuer.peerId)
    if (pending !== undefined) return await pending
    const renewed = issuer
      .request({ signal })
      .then((token) => {
        this.#kept.set(issuer.peerId, token)
        return token.token
      })
      .finally(() => {
        this.#pending.delete(issuer.peerId)
      })
    this.#pending.set(issuer.peerId, renewed)
    return await renewed
  }
}
