import { BlackholeError, parseSiteName, type SiteName, type SiteSummary, type SiteVersion } from '@blackhole/protocol'
import type { SiteFile } from '@blackhole/site'
import { publish, type PublishComponents, type PublishOptions, type Published } from '../publish/publish.ts'
import { rollback, type RollbackOptions, type RolledBack } from '../publish/rollback.ts'
import { retire } from '../publish/retire.ts'
import { askRelays } from '../publish/ask-relays.ts'
import type { CallOptions, RelayClient } from '../relay-client/relay-client.ts'
import type { OpenSite, OpenSiteInit } from './open-site.ts'

/** A site at a relay. */
export interface ListedSite extends SiteSummary {
  /** Origin of the relay. */
  readonly relay: string
}

/** Sites at the relays: publish, list, roll back, open. */
export class Sites {
  readonly #components: PublishComponents
  readonly #open: (name: SiteName, options: Partial<OpenSiteInit>) => Promise<OpenSite>

  constructor(
    components: PublishComponents & { open: (name: SiteName, options: Partial<OpenSiteInit>) => Promise<OpenSite> },
  ) {
    this.#components = components
    this.#open = components.open
  }

  /** Publishes files as the next version of the key's site; see {@link publish}. */
  async publish(files: Iterable<SiteFile> | AsyncIterable<SiteFile>, options: PublishOptions): Promise<Published> {
    return await publish(this.#components, files, options)
  }

  /** Makes an older version the newest again; see {@link rollback}. */
  async rollback(options: RollbackOptions): Promise<RolledBack> {
    return await rollback(this.#components, options)
  }

  /** Ends the key's site; see {@link retire}. */
  async retire(options: Omit<PublishOptions, 'retired'>): Promise<Published> {
    return await retire(this.#components, options)
  }

  /** All sites of all relays that answer. */
  async list(options: CallOptions = {}): Promise<ListedSite[]> {
    const { answers } = await askRelays(
      this.#components.relays,
      async (client) => (await client.sites(options)).map((site) => ({ ...site, relay: client.url })),
      options,
    )
    return answers.flat()
  }

  /**
   * Versions of a site that any relay still holds, newest first.
   *
   * @throws {BlackholeError} `missing` when no relay knows the site
   */
  async versions(name: string, options: CallOptions = {}): Promise<SiteVersion[]> {
    const site = parseSiteName(name)
    const found = new Map<number, SiteVersion>()
    let missing: BlackholeError | undefined
    const versions = async (client: RelayClient): Promise<SiteVersion[]> => {
      // A 404 of something else than a relay says nothing of the site.
      await client.info(options)
      try {
        const held = await client.versions(site, options)
        return held.map(({ version, root, published }) => ({ version, root, published }))
      } catch (error) {
        if (!(error instanceof BlackholeError) || error.reason !== 'missing') throw error
        missing = error
        return []
      }
    }
    const { answers } = await askRelays(this.#components.relays, versions, options)
    for (const version of answers.flat()) found.set(version.version, found.get(version.version) ?? version)
    if (found.size === 0 && missing !== undefined) throw missing
    return [...found.values()].sort((a, b) => b.version - a.version)
  }

  /** Joins a site's swarm, to read it and to serve it to others. */
  async open(name: string, options: Partial<OpenSiteInit> = {}): Promise<OpenSite> {
    return await this.#open(parseSiteName(name), options)
  }
}
