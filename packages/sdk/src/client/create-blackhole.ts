import type { ComponentLogger } from '@libp2p/interface'
import { TypedEventEmitter } from 'main-event'
import { ValidationError } from '@blackhole/protocol'
import { MemorySiteState, type SiteState } from '@blackhole/site'
import { MemoryPieceStore, type PieceStore } from '@blackhole/swarm'
import { createSiteKey, exportSiteKey, importSiteKey } from '../keys/site-key.ts'
import { RelayClient } from '../relay-client/relay-client.ts'
import { OpenSite, type TransferCounters } from './open-site.ts'
import { Sites } from './sites.ts'

/** What may be replaced of the surroundings: by a test, or by stores that last. */
export interface BlackholeComponents {
  readonly fetch: typeof fetch
  readonly now: () => number
  readonly random: () => number
  /** Blocks of open sites. Default: memory. */
  readonly store: PieceStore
  /** Records and manifests of open sites. Default: memory. */
  readonly state: SiteState
  readonly logger: ComponentLogger
  /** Told of what goes wrong in the background and is tried again. */
  readonly onError: (what: string, error: unknown) => void
}

/** Options of {@link createBlackhole}. */
export interface BlackholeInit {
  /** Relays to use: publishing goes to all of them. */
  readonly relays: readonly string[]
}

/** Events of a {@link Blackhole}. */
export interface BlackholeEvents {
  /** A site was opened or closed, or peers, version or counters of an open one changed. */
  status: CustomEvent<readonly SiteStatus[]>
}

/** An open site now. */
export interface SiteStatus extends TransferCounters {
  readonly name: string
  readonly version: number
  readonly root: string
  readonly peers: number
}

/** Publishing, reading and serving sites; the same in Node and in the browser. */
export class Blackhole extends TypedEventEmitter<BlackholeEvents> {
  readonly sites: Sites
  /** Keys of sites: who has the key can publish the site. */
  readonly keys = { create: createSiteKey, import: importSiteKey, export: exportSiteKey } as const
  readonly #open = new Set<OpenSite>()
  readonly #stores: { readonly store: PieceStore; readonly state: SiteState }

  /** See {@link createBlackhole}, which opens the stores too. */
  constructor(components: Partial<BlackholeComponents>, init: BlackholeInit) {
    super()
    if (init.relays.length === 0) throw new ValidationError('relays', 'a list of at least one relay', '[]')
    const { now = Date.now, random = Math.random, logger, onError, fetch } = components
    const relays = [...new Set(init.relays)].map(
      (url) => new RelayClient({ random, ...(fetch === undefined ? {} : { fetch }) }, { url }),
    )
    this.#stores = {
      store: components.store ?? new MemoryPieceStore(),
      state: components.state ?? new MemorySiteState(),
    }
    this.sites = new Sites({
      relays,
      now,
      random,
      open: async (name, options) => {
        const site = await OpenSite.open(
          {
            ...this.#stores,
            relays,
            now,
            random,
            ...(logger === undefined ? {} : { logger }),
            ...(onError === undefined ? {} : { onError }),
          },
          name,
          options,
        )
        this.#adopt(site)
        return site
      },
    })
  }

  /** Opens the stores. */
  async start(): Promise<void> {
    await this.#stores.store.open()
    await this.#stores.state.open()
  }

  /** The open sites now. */
  status(): SiteStatus[] {
    return [...this.#open].map((site) => ({
      name: site.name,
      version: site.version.record.sequence,
      root: site.version.record.root,
      peers: site.peer.peers,
      ...site.counters,
    }))
  }

  /** Leaves all swarms and closes the stores. */
  async stop(): Promise<void> {
    await Promise.all([...this.#open].map((site) => site.close()))
    this.#open.clear()
    await this.#stores.store.close()
    await this.#stores.state.close()
  }

  #adopt(site: OpenSite): void {
    this.#open.add(site)
    const changed = (): void => {
      if (this.listenerCount('status') > 0) this.safeDispatchEvent('status', { detail: this.status() })
    }
    for (const type of ['peers', 'version', 'received', 'shared'] as const) site.peer.addEventListener(type, changed)
    void site.closed.then(() => {
      this.#open.delete(site)
      changed()
    })
    changed()
  }
}

/**
 * Starts Blackhole in a program or a page.
 *
 * @example
 * const blackhole = await createBlackhole({ relays: ['https://relay.example'] })
 * const site = await blackhole.sites.publish(files, { key: await createSiteKey() })
 *
 * @throws {ValidationError} when a relay's address is not one
 */
export async function createBlackhole(
  init: BlackholeInit,
  components: Partial<BlackholeComponents> = {},
): Promise<Blackhole> {
  const blackhole = new Blackhole(components, init)
  await blackhole.start()
  return blackhole
}
