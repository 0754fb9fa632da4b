import { BlackholeError, type ManifestFile, type SiteName, type Source } from '@blackhole/protocol'
import { RULES_FILES, planResponse, readSiteRules, resolvePath, type SiteRules } from '@blackhole/site'
import type { PeerSettings } from '../peer/peer-settings.ts'
import { SitePeer, type SitePeerComponents } from '../peer/site-peer.ts'
import type { SiteVersionInUse } from '../peer/site-versions.ts'
import { sleep } from '../sleep.ts'
import { fileBody } from './file-body.ts'

/** Options of an open site. */
export interface OpenSiteInit extends PeerSettings {
  /** Loopback and private addresses may be dialled. Default: when a relay is at one. */
  readonly allowPrivate: boolean
  /** A site whose record and manifest nobody has gives up after this. */
  readonly openTimeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** How to ask an open site for a path. */
export interface SiteFetchInit {
  /** Default `GET`. */
  readonly method?: string
  readonly headers?: HeadersInit
  readonly signal?: AbortSignal | undefined
}

/** Bytes by source, and what was given to others. */
export interface TransferCounters {
  readonly received: Readonly<Record<Source, number>>
  readonly shared: number
}

/** How long a site may take to open unless told otherwise. */
export const OPEN_TIMEOUT_MS = 15_000

/** A site that this program has joined: reads it, verified, from other visitors or relays, and serves it to them. */
export class OpenSite {
  readonly name: SiteName
  readonly #peer: SitePeer
  readonly #rules = new Map<string, Promise<SiteRules>>()
  readonly #received: Record<Source, number> = { local: 0, peers: 0, http: 0 }
  #shared = 0
  readonly #closed = Promise.withResolvers<undefined>()

  private constructor(name: SiteName, peer: SitePeer) {
    this.name = name
    this.#peer = peer
    peer.addEventListener('received', ({ detail: { source, bytes } }) => {
      this.#received[source] += bytes
    })
    peer.addEventListener('shared', ({ detail }) => {
      this.#shared += detail
    })
  }

  /**
   * Joins a site's swarm and learns its newest version.
   *
   * @throws {BlackholeError} `missing` when nobody who could be asked has the site
   */
  static async open(components: SitePeerComponents, name: SiteName, options: Partial<OpenSiteInit>): Promise<OpenSite> {
    const errors: unknown[] = []
    const { signal, openTimeoutMs = OPEN_TIMEOUT_MS, ...settings } = options
    const peer = await SitePeer.create(
      {
        ...components,
        onError: (what, error) => {
          errors[0] ??= error
          components.onError?.(what, error)
        },
      },
      { ...settings, site: name },
    )
    const site = new OpenSite(name, peer)
    peer.start()
    const deadline = AbortSignal.timeout(openTimeoutMs)
    try {
      await site.#ready(components, AbortSignal.any(signal === undefined ? [deadline] : [deadline, signal]))
      return site
    } catch (cause) {
      await site.close()
      signal?.throwIfAborted()
      if (!deadline.aborted) throw cause
      const detail = errors[0] instanceof Error ? `: ${errors[0].message}` : ''
      throw new BlackholeError('missing', `Nobody had the site ${name} within ${String(openTimeoutMs)} ms${detail}`, {
        cause,
        subject: name,
      })
    }
  }

  /** The version that is read. Follows updates. */
  get version(): SiteVersionInUse {
    const { current } = this.#peer.versions
    if (current === undefined) throw new BlackholeError('unavailable', 'The site is not open')
    return current
  }

  /** The peer behind it: its swarm, its events. */
  get peer(): SitePeer {
    return this.#peer
  }

  /** Bytes since it was opened. */
  get counters(): TransferCounters {
    return { received: { ...this.#received }, shared: this.#shared }
  }

  /**
   * Answers as the site's own origin would: index pages, redirects, ranges,
   * ETags, 404 pages. The body is verified as it streams; it ends in an error
   * rather than short.
   *
   * @param path - path and query of a URL, `/about/?x`
   */
  async fetch(path: string, init: SiteFetchInit = {}): Promise<Response> {
    const url = new URL(path, 'http://site.invalid/')
    const { manifest, record } = this.version
    const rules = await this.#rulesOf(this.version)
    const resolution = resolvePath(manifest, rules, url.pathname, url.search)
    if (resolution.type === 'redirect') {
      return new Response(null, { status: resolution.status, headers: { Location: resolution.location } })
    }
    if (resolution.type === 'none') {
      return new Response(`${resolution.message}\n`, {
        status: resolution.status,
        headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      })
    }
    const plan = planResponse({
      file: resolution.file,
      pathname: url.pathname,
      status: resolution.status,
      rules: rules.headers,
      request: { method: init.method ?? 'GET', headers: new Headers(init.headers) },
    })
    plan.headers.set('X-Blackhole-Root', record.root)
    const body =
      plan.ranges.length === 0
        ? null
        : fileBody(this.#peer.blocks, resolution.file, plan.ranges, plan.multipart, init.signal)
    return new Response(body, { status: plan.status, headers: plan.headers })
  }

  /** Resolves once the site is closed. */
  get closed(): Promise<undefined> {
    return this.#closed.promise
  }

  /** Leaves the swarm. */
  async close(): Promise<void> {
    await this.#peer.stop()
    this.#closed.resolve(undefined)
  }

  async #ready({ relays }: SitePeerComponents, signal: AbortSignal): Promise<void> {
    const { versions } = this.#peer
    // The relay's HTTP interface answers before the libp2p connection is up.
    for (const client of relays) {
      client
        .record(this.name, { signal, attempts: 1 })
        .then(async (bytes) => {
          if (bytes !== undefined) await versions.offer(bytes)
        })
        .catch(() => undefined)
    }
    const loaded = Promise.withResolvers<undefined>()
    versions.addEventListener(
      'version',
      () => {
        loaded.resolve(undefined)
      },
      { once: true },
    )
    if (versions.current === undefined) await Promise.race([loaded.promise, never(signal)])
    await Promise.race([this.#peer.joined, sleep(JOIN_GRACE_MS, { signal })])
  }

  #rulesOf({ record, manifest }: SiteVersionInUse): Promise<SiteRules> {
    const known = this.#rules.get(record.root)
    if (known !== undefined) return known
    const rules = Promise.all([
      this.#readSmall(manifest.files[RULES_FILES.redirects]),
      this.#readSmall(manifest.files[RULES_FILES.headers]),
    ]).then(([redirects, headers]) => readSiteRules({ redirects, headers }))
    rules.catch(() => this.#rules.delete(record.root))
    this.#rules.set(record.root, rules)
    return rules
  }

  async #readSmall(file: ManifestFile | undefined): Promise<Uint8Array | undefined> {
    // A larger rules file is refused by the rules' own bound.
    return file === undefined || file.pieces !== undefined ? undefined : (await this.#peer.blocks.get(file.cid)).bytes
  }
}

/** With the content at hand, other visitors are waited for only so long. */
const JOIN_GRACE_MS = 3_000

async function never(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener(
    'abort',
    () => {
      reject(signal.reason as Error)
    },
    { once: true },
  )
  return await promise
}
