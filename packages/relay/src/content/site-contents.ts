import { NotFoundError, parseCid } from '@blackhole/protocol'
import type { Manifest, ManifestFile } from '@blackhole/protocol'
import { RULES_FILES, loadManifest, readSiteRules } from '@blackhole/site'
import type { SiteRules } from '@blackhole/site'
import { MAX_RULES_FILE_BYTES } from '@blackhole/protocol'
import { MAX_CACHED_FILES } from '../limits.ts'
import type { BlockVault } from './block-vault.ts'
import { readFile } from './read-file.ts'

/** What the gateway needs to know of a site version. */
export interface SiteContent {
  readonly root: string
  readonly manifest: Manifest
  readonly rules: SiteRules
  /** CIDs that led from the root to the manifest. */
  readonly blocks: readonly string[]
}

/** Manifests and rules of site versions, kept by root: content never changes. */
export class SiteContents {
  readonly #vault: BlockVault
  readonly #cache = new Map<string, Promise<SiteContent>>()
  #cachedFiles = 0

  constructor(vault: BlockVault) {
    this.#vault = vault
  }

  /**
   * @param root - CID of a version that the relay holds
   * @throws {NotFoundError} when a block on the way is gone
   */
  get(root: string): Promise<SiteContent> {
    const cached = this.#cache.get(root)
    if (cached !== undefined) {
      this.#cache.delete(root)
      this.#cache.set(root, cached)
      return cached
    }
    const loading = this.#load(root)
    this.#cache.set(root, loading)
    loading.then(
      (content) => this.#evict(content),
      () => this.#cache.delete(root),
    )
    return loading
  }

  async #load(root: string): Promise<SiteContent> {
    const { manifest, blocks } = await loadManifest(parseCid(root), async (cid) => {
      const bytes = await this.#vault.get(cid)
      if (bytes === undefined) throw new NotFoundError(cid.toString())
      return bytes
    })
    const [redirects, headers] = await Promise.all([
      this.#rulesFile(manifest.files[RULES_FILES.redirects]),
      this.#rulesFile(manifest.files[RULES_FILES.headers]),
    ])
    return { root, manifest, rules: readSiteRules({ redirects, headers }), blocks }
  }

  async #rulesFile(file: ManifestFile | undefined): Promise<Uint8Array | undefined> {
    if (file === undefined) return undefined
    const chunks: Uint8Array[] = []
    // One byte past the bound, so that the reader can tell that it is too long.
    for await (const chunk of readFile(this.#vault, file, 0, Math.min(file.size, MAX_RULES_FILE_BYTES + 1)))
      chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** Lets the versions asked for longest ago go while too many files are remembered. */
  async #evict(loaded: SiteContent): Promise<void> {
    this.#cachedFiles += Object.keys(loaded.manifest.files).length
    for (const [root, content] of this.#cache) {
      if (this.#cachedFiles <= MAX_CACHED_FILES || root === loaded.root) break
      this.#cache.delete(root)
      this.#cachedFiles -= Object.keys((await content).manifest.files).length
    }
  }
}
