import { signToken } from '@blackhole/protocol'
import type { SiteKey } from '../keys/site-key.ts'

/** A token is valid this long; a stolen one is worth little after. */
const TOKEN_MS = 10 * 60_000

/** A token is replaced when less than this is left, so that no upload outlives it. */
const RENEW_BEFORE_MS = 5 * 60_000

/**
 * Makes publish tokens for one relay: signed by the site's key, good for that
 * relay alone, renewed while a long upload runs.
 *
 * @param relay - peer id of the relay
 */
export function publishTokens(key: SiteKey, relay: string, now: () => number): () => Promise<string> {
  let kept: { token: string; expires: number } | undefined
  return async () => {
    if (kept === undefined || kept.expires - now() < RENEW_BEFORE_MS) {
      const expires = now() + TOKEN_MS
      const claims = { scope: 'publish', iss: key.name, aud: relay, exp: Math.floor(expires / 1000) } as const
      kept = { token: await signToken(key.privateKey, claims), expires }
    }
    return kept.token
  }
}
