import { resolveTxt } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { SiteName } from '@blackhole/protocol'
import { DNSLINK_PREFIX, parseDnsLink } from '@blackhole/site'
import { DNSLINK_TTL_MS, MAX_DNSLINK_DOMAINS } from '../limits.ts'

/** What {@link DnsLink} works with. */
export interface DnsLinkComponents {
  now: () => number
  /** Looks up TXT records, as `node:dns` does. Default: `node:dns` itself. */
  resolveTxt?: (name: string) => Promise<string[][]>
}

/** Which site a domain names in its `_dnslink` TXT record. Answers, failures too, are kept a minute. */
export class DnsLink {
  readonly #now: () => number
  readonly #resolve: (name: string) => Promise<string[][]>
  readonly #cache = new Map<string, { at: number; site: Promise<SiteName | undefined> }>()

  constructor(components: DnsLinkComponents) {
    this.#now = () => components.now()
    this.#resolve = components.resolveTxt ?? resolveTxt
  }

  /** The site of a domain; undefined when it names none or can't be looked up. */
  lookUp(domain: string): Promise<SiteName | undefined> {
    if (isIP(domain) !== 0 || !domain.includes('.') || domain.length > 240 || !/^[a-z0-9.-]+$/.test(domain))
      return Promise.resolve(undefined)
    const cached = this.#cache.get(domain)
    if (cached !== undefined && this.#now() - cached.at < DNSLINK_TTL_MS) return cached.site
    const site = this.#resolve(`${DNSLINK_PREFIX}${domain}`).then(
      (records) => parseDnsLink(records.map((parts) => parts.join(''))),
      () => undefined,
    )
    this.#cache.delete(domain)
    this.#cache.set(domain, { at: this.#now(), site })
    if (this.#cache.size > MAX_DNSLINK_DOMAINS) {
      const [oldest] = this.#cache.keys()
      if (oldest !== undefined) this.#cache.delete(oldest)
    }
    return site
  }
}
