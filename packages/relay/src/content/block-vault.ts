import { rm, stat, statfs } from 'node:fs/promises'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BlackholeError, CorruptBlockError, LimitError, MAX_BLOCK_BYTES, ValidationError } from '@blackhole/protocol'
import { code as dagPbCode } from '@ipld/dag-pb'
import { code as rawCode } from 'multiformats/codecs/raw'
import type { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { HOT_BYTES, MIN_FREE_BYTES } from '../limits.ts'
import { hashes } from '../state/block-files.ts'
import type { BlockFiles } from '../state/block-files.ts'
import { transaction } from '../state/database.ts'
import { HotBlocks } from './hot-blocks.ts'

/** What {@link BlockVault} works with. */
export interface BlockVaultComponents {
  database: DatabaseSync
  files: BlockFiles
  now: () => number
}

/** Options of {@link BlockVault}. */
export interface BlockVaultInit {
  /** Bytes that one site may add. */
  quotaBytes: number
  /** Bytes that all sites together may add; -1 for as much as the disk has room for. Default -1. */
  maxTotalBytes?: number | undefined
  /** Bytes of blocks that stay in memory once read. Default {@link HOT_BYTES}. */
  hotBytes?: number | undefined
}

/** What became of a batch of blocks. */
export interface StoredBlocks {
  /** Blocks that were new. */
  stored: number
  /** Their bytes. */
  bytes: number
}

/**
 * The blocks of a relay: bytes in files, what is known of them in the
 * database. The file is written first and the row after, so a process killed
 * in between leaves a file that nobody counts on and no row without a file.
 */
export class BlockVault {
  readonly #files: BlockFiles
  readonly #database: DatabaseSync
  readonly #now: () => number
  readonly #quotaBytes: number
  readonly #maxTotalBytes: number
  readonly #removing = new Map<string, Promise<void>>()
  readonly #hot: HotBlocks
  readonly #reading = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>()
  readonly #find: StatementSync
  readonly #touch: StatementSync
  readonly #insert: StatementSync
  readonly #used: StatementSync
  readonly #held: StatementSync
  readonly #forget: StatementSync

  constructor(components: BlockVaultComponents, init: BlockVaultInit) {
    const { database } = components
    this.#files = components.files
    this.#database = database
    this.#now = () => components.now()
    this.#quotaBytes = init.quotaBytes
    const { maxTotalBytes = -1 } = init
    this.#maxTotalBytes = maxTotalBytes < 0 ? Infinity : maxTotalBytes
    this.#hot = new HotBlocks({ maxBytes: init.hotBytes ?? HOT_BYTES })
    this.#find = database.prepare('SELECT id, size FROM blocks WHERE hash = ?')
    this.#touch = database.prepare('UPDATE blocks SET touched = ? WHERE hash = ?')
    this.#insert = database.prepare(
      'INSERT INTO blocks (hash, size, owner, touched) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET touched = excluded.touched',
    )
    this.#used = database.prepare('SELECT bytes FROM usage WHERE owner = ?')
    this.#held = database.prepare('SELECT COALESCE(SUM(bytes), 0) AS bytes FROM usage')
    this.#forget = database.prepare(
      'DELETE FROM blocks WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM pins WHERE pins.block = blocks.id)',
    )
  }

  /** Size of a block in bytes, or undefined when it isn't here. */
  size(cid: CID): number | undefined {
    if (cid.multihash.code === identity.code) return cid.multihash.digest.byteLength
    const row = this.#find.get(cid.multihash.bytes)
    return row === undefined ? undefined : Number(row['size'])
  }

  /** Whether a block is here. */
  has(cid: CID): boolean {
    return this.size(cid) !== undefined
  }

  /** Database id of a block, for pinning. */
  idOf(cid: CID): number | undefined {
    const row = this.#find.get(cid.multihash.bytes)
    return row === undefined ? undefined : Number(row['id'])
  }

  /**
   * A block, verified: when it is read from its file, which those that ask meanwhile wait for, and ask next need not.
   *
   * @returns undefined when it isn't here, or its file was damaged. The bytes are shared: nobody may write to them
   */
  async get(cid: CID): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (cid.multihash.code === identity.code) return new Uint8Array(cid.multihash.digest)
    const key = keyOf(cid)
    const hot = this.#hot.get(key)
    if (hot !== undefined) return hot
    if (!this.has(cid)) return undefined
    const reading = this.#reading.get(key) ?? this.#read(cid, key)
    this.#reading.set(key, reading)
    return reading
  }

  async #read(cid: CID, key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const bytes = await this.#files.read(cid)
      // Not when it was collected meanwhile: what is in memory needs no row.
      if (this.has(cid)) this.#hot.add(key, bytes)
      return bytes
    } catch (error) {
      if ((error as Error).name !== 'NotFoundError') throw error
      // The row promised what the file no longer holds. A pinned row stays, so that its version can be completed again.
      this.#forget.run(cid.multihash.bytes)
      return undefined
    } finally {
      this.#reading.delete(key)
    }
  }

  /** Those of the CIDs that are not here. Those that are stay another while, since an upload counts on them. */
  missing(cids: readonly CID[]): CID[] {
    const now = this.#now()
    return transaction(this.#database, () =>
      cids.filter((cid) => {
        if (cid.multihash.code === identity.code) return false
        return Number(this.#touch.run(now, cid.multihash.bytes).changes) === 0
      }),
    )
  }

  /**
   * Stores a block after checking it. It counts once {@link commit} has run.
   *
   * @returns true when it was new
   * @throws {CorruptBlockError} when the bytes don't hash to the CID
   * @throws {ValidationError} when it can't be part of a site
   */
  async write(cid: CID, bytes: Uint8Array, source: string): Promise<boolean> {
    if (bytes.byteLength > MAX_BLOCK_BYTES)
      throw new LimitError(`bytes of block ${cid.toString()}`, MAX_BLOCK_BYTES, bytes.byteLength)
    if (cid.code !== dagPbCode && cid.code !== rawCode)
      throw new ValidationError('block', 'UnixFS: a dag-pb or raw block', cid.toString())
    if (!hashes(cid, bytes)) throw new CorruptBlockError(cid.toString(), source)
    if (cid.multihash.code === identity.code) return false
    if (this.has(cid) && (await this.#intact(cid, bytes.byteLength))) return false
    await this.#removing.get(keyOf(cid))
    await this.#files.put(cid, bytes)
    return !this.has(cid)
  }

  /** Makes written blocks count, as one transaction, charged to `owner` where they are new. */
  commit(blocks: readonly { cid: CID; size: number }[], owner: string): void {
    const now = this.#now()
    transaction(this.#database, () => {
      for (const { cid, size } of blocks) this.#insert.run(cid.multihash.bytes, size, owner, now)
    })
  }

  /** Bytes that `owner` has added and the relay still holds. */
  used(owner: string): number {
    return Number(this.#used.get(owner)?.['bytes'] ?? 0)
  }

  /** Bytes that `owner` may still add, as far as limits go: the disk may have less. */
  left(owner: string): number {
    const total = this.#maxTotalBytes === Infinity ? Infinity : this.#maxTotalBytes - this.#heldBytes()
    return Math.min(this.#quotaBytes - this.used(owner), total)
  }

  /**
   * Checks that `owner` may add so many bytes.
   *
   * @throws {BlackholeError} with reason `full`, saying whose limit it is: subject `quota`, `total` or `disk`
   */
  async checkRoom(owner: string, bytes: number): Promise<void> {
    const used = this.used(owner)
    if (used + bytes > this.#quotaBytes) {
      throw new BlackholeError(
        'full',
        `The site would take ${String(used + bytes)} bytes, more than its quota of ${String(this.#quotaBytes)} at this relay`,
        { subject: 'quota' },
      )
    }
    if (this.#maxTotalBytes !== Infinity && this.#heldBytes() + bytes > this.#maxTotalBytes) {
      throw new BlackholeError(
        'full',
        `All sites together would take more than the ${String(this.#maxTotalBytes)} bytes that this relay stores`,
        { subject: 'total' },
      )
    }
    const disk = await statfs(this.#files.path)
    if (disk.bavail * disk.bsize < MIN_FREE_BYTES + bytes) {
      throw new BlackholeError('full', "The relay's disk is full", { subject: 'disk' })
    }
  }

  /** Blocks and bytes held. */
  totals(): { blocks: number; bytes: number } {
    const row = this.#database.prepare('SELECT COUNT(*) AS blocks FROM blocks').get()
    return { blocks: Number(row?.['blocks']), bytes: this.#heldBytes() }
  }

  #heldBytes(): number {
    return Number(this.#held.get()?.['bytes'])
  }

  /**
   * Removes blocks that no version pins and nobody has wanted since `before`,
   * and old files that no row knows (of a process killed between file and row).
   *
   * @param before - milliseconds since 1970
   * @returns how many went
   */
  async collect(before: number, options: { signal?: AbortSignal } = {}): Promise<number> {
    const rows = this.#database
      .prepare(
        'DELETE FROM blocks WHERE touched < ? AND NOT EXISTS (SELECT 1 FROM pins WHERE pins.block = blocks.id) RETURNING hash',
      )
      .all(before)
    for (const { hash } of rows) this.#hot.delete(keyOfHash(hash as Uint8Array))
    for await (const cid of this.#files.hashes()) {
      options.signal?.throwIfAborted()
      if (!this.has(cid)) await this.#remove(cid, before)
    }
    return rows.length
  }

  /** Removes a file that no row knows, unless it is young: its upload may be about to write the row. */
  async #remove(cid: CID, before: number): Promise<void> {
    const key = keyOf(cid)
    const file = this.#files.fileOf(cid)
    const removal = (async () => {
      const { mtimeMs } = await stat(file)
      if (mtimeMs < before && !this.has(cid)) await rm(file, { force: true })
    })()
    this.#removing.set(
      key,
      removal.catch(() => undefined),
    )
    try {
      await removal
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    } finally {
      this.#removing.delete(key)
    }
  }

  async #intact(cid: CID, size: number): Promise<boolean> {
    try {
      return (await stat(this.#files.fileOf(cid))).size === size
    } catch {
      return false
    }
  }
}

function keyOf(cid: CID): string {
  return keyOfHash(cid.multihash.bytes)
}

function keyOfHash(multihash: Uint8Array): string {
  return Buffer.from(multihash).toString('base64')
}
