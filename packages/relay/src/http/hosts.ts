import { isIP } from 'node:net'
import { parseSiteName } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { MAX_REMEMBERED_HOSTS } from '../limits.ts'

/** What a Host header stands for. */
export type HostTarget =
  | { readonly kind: 'relay' }
  | { readonly kind: 'site'; readonly name: SiteName }
  | { readonly kind: 'unknown'; readonly host: string }

/** Options of {@link Hosts}. */
export interface HostsInit {
  /** Hosts that are the relay itself, besides IP addresses and `localhost`. */
  relayHosts: readonly string[]
  /** Host of per-site origins, with or without port. */
  siteHost: string
  aliases: Readonly<Record<string, SiteName>>
}

/**
 * Tells from the Host header whose origin a request is for.
 *
 * Unknown hosts are refused: a stranger's domain that is made to point at the
 * relay's address (DNS rebinding) would otherwise be same-origin with it.
 * An IP address can't be rebound, so any is the relay's own.
 */
export class Hosts {
  readonly #relayHosts: ReadonlySet<string>
  readonly #siteHost: string
  readonly #aliases: ReadonlyMap<string, SiteName>
  /** Labels that were found to be names, which takes decoding a key. */
  readonly #names = new Map<string, SiteName>()

  constructor(init: HostsInit) {
    this.#siteHost = hostNameOf(init.siteHost)
    this.#relayHosts = new Set(['localhost', this.#siteHost, ...init.relayHosts.map(hostNameOf)])
    this.#aliases = new Map(Object.entries(init.aliases))
  }

  /**
   * @param header - value of the Host header
   */
  resolve(header: string | undefined): HostTarget {
    const host = hostNameOf(header ?? '')
    const named = this.#aliases.get(host)
    if (named !== undefined) return { kind: 'site', name: named }
    if (this.#relayHosts.has(host) || isIP(host.replace(/^\[|\]$/g, '')) !== 0) return { kind: 'relay' }
    if (host.endsWith(`.${this.#siteHost}`)) {
      const label = host.slice(0, -this.#siteHost.length - 1)
      const alias = this.#aliases.get(label)
      if (alias !== undefined) return { kind: 'site', name: alias }
      try {
        return { kind: 'site', name: this.#nameOf(label) }
      } catch {
        return { kind: 'unknown', host }
      }
    }
    return { kind: 'unknown', host }
  }

  #nameOf(label: string): SiteName {
    const known = this.#names.get(label)
    if (known !== undefined) return known
    const name = parseSiteName(label, 'host')
    if (this.#names.size >= MAX_REMEMBERED_HOSTS) this.#names.clear()
    this.#names.set(label, name)
    return name
  }

  /** The alias of a site: a label or host that stands for it. */
  aliasOf(name: SiteName): string | null {
    for (const [alias, site] of this.#aliases) if (site === name) return alias
    return null
  }
}

/** A host without its port, in lower case, without a final dot. */
export function hostNameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}
