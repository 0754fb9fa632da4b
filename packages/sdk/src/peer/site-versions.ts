import { CID } from 'multiformats/cid'
import { TypedEventEmitter } from 'main-event'
import { RecordError, allPieces, pieceSizes, type Manifest, type SiteName } from '@blackhole/protocol'
import { loadManifest, readSiteRecord, supersedes, type SiteRecord, type SiteState } from '@blackhole/site'
import type { Lease, PieceStore, Swarm } from '@blackhole/swarm'
import type { SiteBlocks } from './site-blocks.ts'

/** A version of the site that this peer serves. */
export interface SiteVersionInUse {
  readonly record: SiteRecord
  readonly manifest: Manifest
  /** Its pieces, in manifest order. */
  readonly pieces: readonly string[]
  /** Blocks that lead from the root to the manifest. */
  readonly path: readonly string[]
}

/** Events of {@link SiteVersions}. */
export interface SiteVersionsEvents {
  /** A newer record was accepted; its content is not here yet. */
  record: CustomEvent<SiteRecord>
  /** The manifest of the newest record is here. */
  version: CustomEvent<SiteVersionInUse>
}

/** What the versions need. */
export interface SiteVersionsComponents {
  readonly state: SiteState
  readonly blocks: SiteBlocks
  readonly swarm: Pick<Swarm, 'addVersion' | 'removeVersion'>
  /** Keeps the way to the manifest of the current version: nobody can join from a peer that evicted it. */
  readonly store: Pick<PieceStore, 'lease'>
  readonly now: () => number
  readonly onError: (what: string, error: unknown) => void
}

/** Versions that stay in the swarm: open pages keep the one they began with. */
const KEPT_VERSIONS = 3

/** Loading a manifest that nobody answers for ends after this. */
const LOAD_TIMEOUT_MS = 30_000

/** Which version of the site is the newest: checks records, loads manifests, joins the swarm for their pieces. */
export class SiteVersions extends TypedEventEmitter<SiteVersionsEvents> {
  readonly #components: SiteVersionsComponents
  readonly #site: SiteName
  readonly #inSwarm: string[] = []
  #newest: SiteRecord | undefined
  #current: SiteVersionInUse | undefined
  #loading: { root: string; done: Promise<SiteVersionInUse> } | undefined
  #lease: Lease | undefined

  constructor(components: SiteVersionsComponents, init: { site: SiteName }) {
    super()
    this.#components = components
    this.#site = init.site
  }

  /** The newest version whose manifest is here. */
  get current(): SiteVersionInUse | undefined {
    return this.#current
  }

  /** The newest record that was accepted. */
  get newest(): SiteRecord | undefined {
    return this.#newest
  }

  /** Goes on with the newest record of an earlier visit, if it is still valid. */
  async restore(): Promise<void> {
    const record = await this.#components.state.record(this.#site).catch(() => undefined)
    if (record === undefined || record.expires <= this.#components.now()) return
    this.#newest = record
    this.safeDispatchEvent('record', { detail: record })
    await this.load().catch((error: unknown) => {
      this.#components.onError('the kept version', error)
    })
  }

  /**
   * Offers a record from outside.
   *
   * @returns whether it is newer than what was known
   * @throws {RecordError} when it must not be used: older, expired, badly signed
   */
  async offer(bytes: Uint8Array): Promise<boolean> {
    const { state, now } = this.#components
    const newest = this.#newest
    const record = await readSiteRecord(this.#site, bytes, { now: now(), newest })
    if (newest !== undefined && !supersedes(record, newest)) return false
    try {
      this.#newest = await state.acceptRecord(record)
    } catch (error) {
      if (error instanceof RecordError) throw error
      // State that can't be written protects no later visit, but this one goes on.
      this.#newest = record
    }
    if (this.#newest.root !== newest?.root) this.safeDispatchEvent('record', { detail: this.#newest })
    return true
  }

  /**
   * Loads the manifest of the newest record, once.
   *
   * @throws {RecordError} `missing` when no record is known
   */
  async load(): Promise<SiteVersionInUse> {
    const record = this.#newest
    if (record === undefined)
      throw new RecordError('missing', `No record of ${this.#site} is known`, { subject: this.#site })
    if (this.#current?.record.root === record.root) return this.#current
    if (this.#loading?.root !== record.root) {
      const done = this.#load(record).finally(() => {
        if (this.#loading?.root === record.root) this.#loading = undefined
      })
      this.#loading = { root: record.root, done }
    }
    return await this.#loading.done
  }

  async #load(record: SiteRecord): Promise<SiteVersionInUse> {
    const { swarm } = this.#components
    const { manifest, path } = await this.#readManifest(record)
    const version = { record, manifest, pieces: allPieces(manifest), path }
    await swarm.addVersion(record.root, version.pieces, pieceSizes(manifest))
    this.#remember(record.root)
    this.#current = version
    await this.#keep(path)
    this.safeDispatchEvent('version', { detail: version })
    return version
  }

  async #readManifest({ root }: SiteRecord): Promise<{ manifest: Manifest; path: readonly string[] }> {
    const { blocks, state, onError } = this.#components
    try {
      const { manifest, blocks: path } = await loadManifest(
        CID.parse(root),
        async (cid, { signal }) => (await blocks.get(cid.toString(), { signal })).bytes,
        { signal: AbortSignal.timeout(LOAD_TIMEOUT_MS) },
      )
      await state.putManifest(this.#site, root, manifest).catch((error: unknown) => {
        onError('the manifest', error)
      })
      return { manifest, path }
    } catch (error) {
      // Offline, the manifest of an earlier visit is as good.
      const manifest = await state.manifest(root).catch(() => undefined)
      if (manifest === undefined) throw error
      return { manifest, path: [] }
    }
  }

  /** Lets go of what is kept for others. */
  async close(): Promise<void> {
    await this.#lease?.release()
    this.#lease = undefined
  }

  async #keep(path: readonly string[]): Promise<void> {
    const { store, onError } = this.#components
    const before = this.#lease
    this.#lease = await store.lease(path).catch((error: unknown) => {
      onError('the way to the manifest', error)
      return undefined
    })
    await before?.release()
  }

  #remember(root: string): void {
    const at = this.#inSwarm.indexOf(root)
    if (at !== -1) this.#inSwarm.splice(at, 1)
    this.#inSwarm.push(root)
    while (this.#inSwarm.length > KEPT_VERSIONS) {
      const oldest = this.#inSwarm.shift()
      if (oldest !== undefined) this.#components.swarm.removeVersion(oldest)
    }
  }
}
