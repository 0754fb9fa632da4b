import type { PrivateKey } from '@libp2p/interface'
import { MANIFEST_VERSION } from '@blackhole/protocol'
import type { SiteName } from '@blackhole/protocol'
import { RULES_FILES, composeSite, createSiteRecord, importOneFile, memoryFile } from '@blackhole/site'
import type { ComposedFile } from '@blackhole/site'
import type { BlockVault } from '../content/block-vault.ts'
import type { Publisher } from '../hosting/publisher.ts'
import { PULL_RECORD_MS } from '../limits.ts'
import type { SiteTable } from '../state/site-table.ts'
import { carriedHeaders } from './carried-headers.ts'
import { keepBlocks } from './keep-blocks.ts'
import type { Asset } from './zone-store.ts'

/** What a {@link ZonePublisher} works with. */
export interface ZonePublisherComponents {
  readonly vault: BlockVault
  readonly sites: SiteTable
  readonly publisher: Publisher
  readonly key: PrivateKey
  now: () => number
}

/** What a {@link ZonePublisher} publishes. */
export interface ZonePublisherInit {
  readonly site: SiteName
  readonly origin: string
}

/**
 * Signs what was pulled: each version is a site's, with record and manifest,
 * so that visitors check it like any other. Its record is valid for
 * {@link PULL_RECORD_MS} only.
 */
export class ZonePublisher {
  readonly #components: ZonePublisherComponents
  readonly #init: ZonePublisherInit

  constructor(components: ZonePublisherComponents, init: ZonePublisherInit) {
    this.#components = components
    this.#init = init
  }

  /** Whether the record of the version that is there has used up a third of its time. */
  get isOld(): boolean {
    const { sites, now } = this.#components
    const site = sites.get(this.#init.site)
    return site !== undefined && site.expires - now() < (PULL_RECORD_MS * 2) / 3
  }

  /** Publishes these assets as the next version. */
  async publish(assets: ReadonlyMap<string, Asset>, signal: AbortSignal): Promise<void> {
    const files = new Map<string, ComposedFile>()
    const paths = [...assets].sort(([a], [b]) => (a < b ? -1 : 1))
    const { text, leftOut } = carriedHeaders(paths.map(([path, { headers }]) => [path, headers]))
    for (const [path, asset] of paths) if (!leftOut.has(path)) files.set(path, asset)
    if (text !== '') {
      const rules = await importOneFile(memoryFile(RULES_FILES.headers, text), { signal })
      await keepBlocks(this.#components.vault, this.#init.site, rules, signal)
      files.set(RULES_FILES.headers, { ...rules, type: 'text/plain; charset=utf-8' })
    }
    await this.#publish(files, false, signal)
  }

  /** Ends the site: workers leave. */
  async retire(signal: AbortSignal): Promise<void> {
    await this.#publish(new Map(), true, signal)
  }

  /** Signs the version that is there for another while. */
  async renew(signal: AbortSignal): Promise<void> {
    const site = this.#components.sites.get(this.#init.site)
    if (site !== undefined) await this.#sign(site.root, site.sequence, signal)
  }

  async #publish(files: ReadonlyMap<string, ComposedFile>, retired: boolean, signal: AbortSignal): Promise<void> {
    const { sites, vault, now } = this.#components
    const { site, origin } = this.#init
    const before = sites.get(site)
    const composed = await composeSite(files, {
      version: MANIFEST_VERSION,
      sequence: (before?.sequence ?? 0) + 1,
      previous: before?.root ?? null,
      created: new Date(now()).toISOString(),
      origins: [origin],
      documents: 'origin',
      retired,
      pulled: true,
    })
    await keepBlocks(vault, site, composed, signal)
    await this.#sign(composed.root, composed.manifest.sequence, signal)
  }

  async #sign(root: string, sequence: number, signal: AbortSignal): Promise<void> {
    const { key, publisher, now } = this.#components
    const record = await createSiteRecord(key, { root, sequence, lifetimeMs: PULL_RECORD_MS, now })
    await publisher.publish(this.#init.site, record.bytes, { signal })
  }
}
