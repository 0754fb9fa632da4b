import type { LoadedMessage, Source } from '@blackhole/protocol'
import type { PieceStore } from '@blackhole/swarm'
import type { SiteVersion } from '../version/site-version.ts'
import { adoptLoaded } from './http-cache.ts'

/** What {@link Adoption} works with. */
export interface AdoptionComponents {
  readonly store: PieceStore
  fetch: (request: Request | string, init?: RequestInit) => Promise<Response>
  /** The version that a page uses, which may say which one that is; undefined when nothing may be adopted. */
  versionOf: (clientId: string, root: string | undefined) => Promise<SiteVersion | undefined>
  /** For each CID, whether it is in this browser. */
  stored: (cids: readonly string[]) => Promise<boolean[]>
  /** One block, from wherever it is. */
  block: (cid: string) => Promise<{ readonly source: Source; readonly bytes: Uint8Array }>
  count: (source: Source, bytes: number) => void
  /** A piece was stored: pages announce it. */
  onStored: (cid: string) => void
  /** Files that a page loaded. */
  onLoaded: (urls: readonly string[], version: SiteVersion) => void
}

/** Takes what pages loaded past the worker into the store, once per page. */
export class Adoption {
  readonly #components: AdoptionComponents
  readonly #site: string
  readonly #adopted = new Set<string>()

  constructor(components: AdoptionComponents, site: string) {
    this.#components = components
    this.#site = site
  }

  /**
   * A page says what it loaded; it says so on every port that it opens.
   *
   * @returns the page's version; undefined when there is nothing (more) to adopt
   */
  async adopt({ urls, root }: LoadedMessage, clientId: string): Promise<SiteVersion | undefined> {
    if (this.#adopted.has(clientId)) return undefined
    this.#adopted.add(clientId)
    const { versionOf, onLoaded, fetch, store, stored, onStored, block, count } = this.#components
    const version = await versionOf(clientId, root)
    if (version === undefined) return undefined
    onLoaded(urls, version)
    await adoptLoaded(
      {
        fetch,
        stored,
        put: async (cid, bytes) => {
          await store.put([{ cid, bytes, site: this.#site }])
          onStored(cid)
        },
        get: async (cid) => {
          const { bytes, source } = await block(cid)
          count(source, bytes.byteLength)
        },
        count: (bytes) => {
          count('http', bytes)
        },
      },
      version,
      urls,
    )
    return version
  }
}
