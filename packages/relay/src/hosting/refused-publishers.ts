import { BlackholeError, TokenError } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { BANNED_PUBLISHER_MS, MAX_TRACKED_ADDRESSES, REFUSED_RECORDS, REFUSED_RECORDS_PER_SECOND } from '../limits.ts'
import { RateLimiter, addressKey } from '../rate-limiter.ts'

/** What {@link RefusedPublishers} works with. */
export interface RefusedPublishersComponents {
  now: () => number
  /** Somebody is banned from now on; `why` is what the last refusal said. */
  onBan: (offerer: Offerer, why: string) => void
}

/**
 * Who answers for a record that is offered: its site, when a token of the site's key came with it; otherwise the address,
 * undefined for one that isn't known.
 */
export type Offerer = { readonly site: SiteName } | { readonly address: string | undefined }

/**
 * Those who offer records which can't be taken: replayed, forged, or without their owner's permission. Who does so again
 * and again is named, and may publish nothing for a while. An address can visit sites as before, and owners publish from
 * it as before: a crowd may be behind it.
 */
export class RefusedPublishers {
  readonly #components: RefusedPublishersComponents
  readonly #limiter: RateLimiter
  readonly #until = new Map<string, number>()
  #banned = 0

  constructor(components: RefusedPublishersComponents) {
    this.#components = components
    this.#limiter = new RateLimiter(components, { perSecond: REFUSED_RECORDS_PER_SECOND, burst: REFUSED_RECORDS })
  }

  /** Bans so far. */
  get banned(): number {
    return this.#banned
  }

  /** @throws {BlackholeError} `banned` while nothing is taken from it */
  check(offerer: Offerer): void {
    const key = keyOf(offerer)
    const left = key === undefined ? 0 : this.#leftOf(key)
    if (left <= 0) return
    throw new BlackholeError(
      'banned',
      `${'site' in offerer ? 'The key of this site' : 'This address'} offered too many records that can't be taken. Try again in ${String(Math.ceil(left / 1000))} s`,
      { subject: 'record' },
    )
  }

  /** A record was refused. What an honest publisher may meet, such as blocks that are still missing, is none of it. */
  refused(offerer: Offerer, error: unknown): void {
    const key = keyOf(offerer)
    // Several may have been under way when the ban began.
    if (key === undefined || !isOffence(error) || this.#leftOf(key) > 0 || this.#limiter.take(key)) return
    this.#until.delete(key)
    this.#until.set(key, this.#components.now() + BANNED_PUBLISHER_MS)
    const [oldest] = this.#until.keys()
    if (this.#until.size > MAX_TRACKED_ADDRESSES && oldest !== undefined) this.#until.delete(oldest)
    this.#banned += 1
    this.#components.onBan(offerer, (error as Error).message)
  }

  #leftOf(key: string): number {
    return (this.#until.get(key) ?? 0) - this.#components.now()
  }
}

/** Undefined for an address that isn't known: whoever has none would be banned with it. */
function keyOf(offerer: Offerer): string | undefined {
  if ('site' in offerer) return offerer.site
  return offerer.address === undefined ? undefined : addressKey(offerer.address)
}

function isOffence(error: unknown): boolean {
  if (error instanceof TokenError) return true
  return error instanceof BlackholeError && error.name === 'RecordError' && error.reason !== 'expired'
}
