/** A block with its address, on its way into a store. */
export interface StoredBlock {
  /** CID as text; any codec and version. */
  readonly cid: string
  /** The whole block. It was verified by whoever puts it; stores don't hash. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Name of the site that it belongs to, or an empty text. */
  readonly site: string
}

/** Keeps blocks from being evicted while it is held. */
export interface Lease {
  /** Lets go. May be called again. */
  release(): Promise<void>
}

/** What a store holds. */
export interface PieceStoreUsage {
  readonly pieces: number
  readonly bytes: number
  /** Bytes that the store may grow to before it evicts. */
  readonly quotaBytes: number
}

/**
 * Whole, verified blocks by CID. The twins (memory, IndexedDB) and any other
 * implementation pass `pieceStoreSuite` of `@blackhole/testkit`.
 *
 * Errors: reason `full` when a block doesn't fit even after eviction (reads
 * go on working), `unavailable` when the medium can't be used at all, for which
 * callers take a {@link MemoryPieceStore} instead.
 */
export interface PieceStore {
  /** Makes the store ready. May be called again. */
  open(): Promise<void>
  /** Writes what is pending and lets go of the medium. */
  close(): Promise<void>
  has(cid: string): Promise<boolean>
  /** One answer per CID, in order. */
  hasMany(cids: readonly string[]): Promise<boolean[]>
  /** The block, or undefined. Counts as a use of it. The caller must not change the bytes. */
  get(cid: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** One answer per CID, in order, as of {@link get}. Together they cost less than one by one. */
  getMany(cids: readonly string[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]>
  /** Stores blocks, all or none of one call; evicts others when the quota is reached. Settles once they can be read. */
  put(blocks: readonly StoredBlock[]): Promise<void>
  delete(cids: readonly string[]): Promise<void>
  /** Protects blocks, stored already or not, from eviction (not from `delete` and `clear`) by any context that shares the store. */
  lease(cids: readonly string[]): Promise<Lease>
  usage(): Promise<PieceStoreUsage>
  /** Forgets the blocks of a site, or everything. */
  clear(site?: string): Promise<void>
}
