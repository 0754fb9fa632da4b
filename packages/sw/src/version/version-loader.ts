import type { Manifest, SiteName } from '@blackhole/protocol'
import { RULES_FILES, fileSlices, loadManifest, readSiteRules } from '@blackhole/site'
import type { SiteState } from '@blackhole/site'
import type { SiteVersion } from './site-version.ts'

/** What a {@link VersionLoader} works with. */
export interface VersionLoaderComponents {
  readonly state: SiteState
  /** One checked block, from wherever it is. */
  block: (cid: string, signal: AbortSignal | undefined) => Promise<Uint8Array<ArrayBuffer>>
  /** Begins to fetch what loading this root will need; optional. */
  hints?: (root: string, signal: AbortSignal) => (cid: string) => Promise<Uint8Array<ArrayBuffer> | undefined>
  /** These blocks came over HTTP and are worth keeping. */
  keep: (cid: string, bytes: Uint8Array<ArrayBuffer>) => void
}

/** Versions in memory: those that open pages use. A manifest of 100,000 files takes some 30 MB. */
const MAX_LOADED = 4

/** Loading a version that nobody answers for ends after this. */
const LOAD_TIMEOUT_MS = 30_000

/** Loads manifests and rules of site versions, each once. */
export class VersionLoader {
  readonly #components: VersionLoaderComponents
  readonly #site: SiteName
  readonly #loads = new Map<string, Promise<SiteVersion>>()

  constructor(components: VersionLoaderComponents, site: SiteName) {
    this.#components = components
    this.#site = site
  }

  /** The version with this root. Memoises the load, so that requests that come together share it. */
  load(root: string): Promise<SiteVersion> {
    const known = this.#loads.get(root)
    const load = known ?? this.#load(root)
    // A page may keep a version through many newer ones: what is used is not the oldest.
    this.#loads.delete(root)
    this.#loads.set(root, load)
    if (known !== undefined) return known
    load.catch(() => this.#loads.delete(root))
    const [oldest] = this.#loads.keys()
    if (this.#loads.size > MAX_LOADED && oldest !== undefined) this.#loads.delete(oldest)
    return load
  }

  async #load(root: string): Promise<SiteVersion> {
    const signal = AbortSignal.timeout(LOAD_TIMEOUT_MS)
    const manifest =
      (await this.#components.state.manifest(root).catch(() => undefined)) ?? (await this.#fetch(root, signal))
    const [redirects, headers] = await Promise.all([
      this.#readRules(manifest, RULES_FILES.redirects, signal),
      this.#readRules(manifest, RULES_FILES.headers, signal),
    ])
    return { root, manifest, rules: readSiteRules({ redirects, headers }) }
  }

  async #fetch(root: string, signal: AbortSignal): Promise<Manifest> {
    const done = new AbortController()
    const hint = this.#components.hints?.(root, AbortSignal.any([signal, done.signal]))
    try {
      const { manifest } = await loadManifest(
        root,
        async (cid) => {
          const text = cid.toString()
          const hinted = await hint?.(text)
          if (hinted === undefined) return await this.#components.block(text, signal)
          this.#components.keep(text, hinted)
          return hinted
        },
        { signal },
      )
      await this.#components.state.putManifest(this.#site, root, manifest).catch(() => undefined)
      return manifest
    } finally {
      done.abort()
    }
  }

  async #readRules(manifest: Manifest, path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const file = Object.hasOwn(manifest.files, path) ? manifest.files[path] : undefined
    // A file of more than one piece is beyond the bound of rules files in any case.
    const [slice, ...rest] = file === undefined ? [] : fileSlices(file)
    if (slice === undefined || rest.length > 0) return undefined
    return await this.#components.block(slice.cid, signal)
  }
}
