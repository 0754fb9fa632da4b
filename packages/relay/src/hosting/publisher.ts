import type { SiteName } from '@blackhole/protocol'
import { BlackholeError, LimitError, MAX_RECORD_BYTES, ValidationError, allPieces, parseCid } from '@blackhole/protocol'
import type { Manifest } from '@blackhole/protocol'
import { loadManifest, readSiteRecord, supersedes } from '@blackhole/site'
import { TypedEventEmitter } from 'main-event'
import type { CID } from 'multiformats/cid'
import type { BlockVault } from '../content/block-vault.ts'
import { walk } from '../content/walk.ts'
import type { SiteTable, StoredSite } from '../state/site-table.ts'
import { IncompleteError } from './incomplete-error.ts'
import { KeyedLock } from './locks.ts'

/** What {@link Publisher} works with. */
export interface PublisherComponents {
  sites: SiteTable
  vault: BlockVault
  now: () => number
}

/** Events of a {@link Publisher}. */
export interface PublisherEvents {
  /** A site's record changed. */
  publish: CustomEvent<StoredSite>
}

/**
 * Takes new versions of sites. A version becomes visible in one step, after
 * its record is checked and every block below its root is here; until then
 * nothing of it shows.
 */
export class Publisher extends TypedEventEmitter<PublisherEvents> {
  readonly #components: PublisherComponents
  readonly #lock = new KeyedLock()

  constructor(components: PublisherComponents) {
    super()
    this.#components = components
  }

  /**
   * Makes the version that a record names the site's newest.
   *
   * @param record - signed IPNS record
   * @throws {BlackholeError} a `RecordError` when it is older, expired, or not the site's
   * @throws {IncompleteError} naming blocks to upload first
   * @throws {ValidationError} when the manifest doesn't describe the content
   */
  publish(name: SiteName, record: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<StoredSite> {
    if (record.byteLength > MAX_RECORD_BYTES) throw new LimitError('record bytes', MAX_RECORD_BYTES, record.byteLength)
    return this.#lock.run(name, () => this.#publish(name, new Uint8Array(record), options))
  }

  async #publish(
    name: SiteName,
    bytes: Uint8Array<ArrayBuffer>,
    options: { signal?: AbortSignal },
  ): Promise<StoredSite> {
    const { sites, vault, now } = this.#components
    const stored = sites.get(name)
    const newest = stored === undefined ? undefined : { ...stored, bytes: stored.record }
    const record = await readSiteRecord(name, bytes, { now: now(), newest })
    const root = parseCid(record.root, 'record.value')
    if (newest?.sequence === record.sequence && newest.root === record.root) {
      if (supersedes(record, newest)) sites.renew(name, bytes, record.expires)
    } else {
      const { blocks, missing } = await walk(root, vault, options)
      if (missing.length > 0) throw new IncompleteError(root.toString(), missing)
      const manifest = await this.#manifest(root, record.sequence, blocks)
      const ids = blocks.map((cid) => vault.idOf(cid)).filter((id) => id !== undefined)
      const files = Object.values(manifest.files)
      sites.publish(
        {
          name,
          record: bytes,
          sequence: record.sequence,
          root: record.root,
          expires: record.expires,
          files: files.length,
          bytes: files.reduce((sum, file) => sum + file.size, 0),
          origins: manifest.origins,
          retired: manifest.retired,
          blocks: ids,
        },
        now(),
      )
    }
    const site = sites.get(name)
    if (site === undefined) throw new BlackholeError('unavailable', `${name} was published and is gone`)
    this.safeDispatchEvent('publish', { detail: site })
    return site
  }

  async #manifest(root: CID, sequence: number, blocks: readonly CID[]): Promise<Manifest> {
    const { vault } = this.#components
    const { manifest } = await loadManifest(root, async (cid) => {
      const bytes = await vault.get(cid)
      if (bytes === undefined) throw new IncompleteError(root.toString(), [cid])
      return bytes
    })
    if (manifest.sequence > sequence) {
      throw new ValidationError('manifest.sequence', `at most the record's, ${String(sequence)}`, manifest.sequence)
    }
    const here = new Set(blocks.map(String))
    const stray = [...Object.values(manifest.files).map((file) => file.cid), ...allPieces(manifest)].find(
      (cid) => !here.has(cid),
    )
    if (stray !== undefined) throw new ValidationError('manifest.files', 'of content below the root', stray)
    return manifest
  }
}
