import { BlackholeError, TokenError } from '@blackhole/protocol'
import { BANNED_PUBLISHER_MS, MAX_TRACKED_ADDRESSES, REFUSED_RECORDS, REFUSED_RECORDS_PER_SECOND } from '../limits.ts'
import { RateLimiter, addressKey } from '../rate-limiter.ts'

/** What {@link RefusedPublishers} works with. */
export interface RefusedPublishersComponents {
  now: () => number
  /** An address is banned from now on; `why` is what the last refusal said. */
  onBan: (address: string, why: string) => void
}

/**
 * Addresses that offer records which can't be taken: replayed, forged, or without their owner's permission. One that
 * does so again and again is named, and may publish nothing for a while; it can visit sites as before, since a crowd may be
 * behind the same address.
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

  /** Addresses banned so far; one that comes back counts again. */
  get banned(): number {
    return this.#banned
  }

  /** @throws {BlackholeError} `banned` while the address may not publish */
  check(address: string | undefined): void {
    const left = (this.#until.get(addressKey(address)) ?? 0) - this.#components.now()
    if (left <= 0) return
    throw new BlackholeError(
      'banned',
      `This address offered too many records that can't be taken. Try again in ${String(Math.ceil(left / 1000))} s`,
      { subject: 'record' },
    )
  }

  /** A record of this address was refused. What an honest publisher may meet, such as blocks that are still missing, is none of it. */
  refused(address: string | undefined, error: unknown): void {
    if (!isOffence(error)) return
    const key = addressKey(address)
    if (this.#limiter.take(key)) return
    this.#until.delete(key)
    this.#until.set(key, this.#components.now() + BANNED_PUBLISHER_MS)
    const [oldest] = this.#until.keys()
    if (this.#until.size > MAX_TRACKED_ADDRESSES && oldest !== undefined) this.#until.delete(oldest)
    this.#banned += 1
    this.#components.onBan(key, (error as Error).message)
  }
}

function isOffence(error: unknown): boolean {
  if (error instanceof TokenError) return true
  return error instanceof BlackholeError && error.name === 'RecordError' && error.reason !== 'expired'
}
