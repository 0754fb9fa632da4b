import { BlackholeError } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { MAX_ADMITTED_SITES } from '../limits.ts'
import { RateError } from '../rate-error.ts'
import { RateLimiter, addressKey } from '../rate-limiter.ts'

/** What {@link PublishPolicy} works with. */
export interface PublishPolicyComponents {
  sites: { get(name: SiteName): unknown }
  vault: { used(owner: string): number }
  now: () => number
}

/** Options of {@link PublishPolicy}. */
export interface PublishPolicyInit {
  /** Names of the sites that may publish; empty for all. */
  publishers: readonly SiteName[]
  /** Sites that the relay does not know yet, per hour and address. */
  newSitesPerHourPerAddress: number
}

const HOUR_SECONDS = 3600

/**
 * Who may publish. A key costs nothing, so a quota per site alone bounds
 * nobody: either the operator says which sites there are, or each address
 * begins so many an hour.
 */
export class PublishPolicy {
  readonly #components: PublishPolicyComponents
  readonly #publishers: ReadonlySet<SiteName>
  readonly #limiter: RateLimiter
  /** New sites that were let in and of which nothing is stored yet: their next request is no other site. */
  readonly #admitted = new Set<SiteName>()

  constructor(components: PublishPolicyComponents, init: PublishPolicyInit) {
    this.#components = components
    this.#publishers = new Set(init.publishers)
    this.#limiter = new RateLimiter(components, {
      perSecond: init.newSitesPerHourPerAddress / HOUR_SECONDS,
      burst: init.newSitesPerHourPerAddress,
    })
  }

  /**
   * Checks that a site may add to what the relay holds. Whether a request comes
   * from the site's owner is another question.
   *
   * @param address - where the request comes from
   * @throws {BlackholeError} `forbidden` when it isn't one of the operator's sites
   * @throws {RateError} when its address begins too many sites
   */
  check(name: SiteName, address: string | undefined): void {
    if (this.#publishers.size > 0) {
      if (this.#publishers.has(name)) return
      throw new BlackholeError(
        'forbidden',
        `${name} may not publish at this relay. Its operator can add it to the option publishers`,
        { subject: 'publishers' },
      )
    }
    const { sites, vault } = this.#components
    if (this.#admitted.has(name) || sites.get(name) !== undefined || vault.used(name) > 0) return
    if (!this.#limiter.take(addressKey(address))) throw new RateError('new sites', 'Try again in an hour')
    this.#admitted.add(name)
    const [oldest] = this.#admitted
    if (this.#admitted.size > MAX_ADMITTED_SITES && oldest !== undefined) this.#admitted.delete(oldest)
  }
}
