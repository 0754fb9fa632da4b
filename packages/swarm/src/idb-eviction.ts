import type { IDBPTransaction } from 'idb'
import { chooseEvictions, EVICTION_LOW_WATERMARK } from './eviction.ts'
import { StoreFullError } from './store-full-error.ts'
import type { PiecesSchema } from './idb-schema.ts'

/** A transaction that may change everything. */
export type WriteTransaction = IDBPTransaction<PiecesSchema, ('pieces' | 'meta' | 'leases' | 'totals')[], 'readwrite'>

/** What the database holds. */
export interface Totals {
  pieces: number
  bytes: number
}

/** Reads the totals inside a transaction. */
export async function readTotals(tx: Pick<WriteTransaction, 'objectStore'>): Promise<Totals> {
  return (await tx.objectStore('totals').get('usage')) ?? { pieces: 0, bytes: 0 }
}

/**
 * Makes room for `bytes` more inside a transaction.
 *
 * @param options.protect - CIDs that stay besides those that rows of leases name: about to be written, or leased by this context
 * @param options.force - evict this many bytes although the quota is not reached: the browser's own was
 * @returns totals after the eviction
 * @throws {StoreFullError} when leases leave too little to evict; the caller aborts the transaction
 */
export async function makeRoom(
  tx: WriteTransaction,
  options: { bytes: number; protect: ReadonlySet<string>; quotaBytes: number; now: number; force?: number },
): Promise<Totals> {
  const { bytes, quotaBytes, now, force = 0 } = options
  const totals = await readTotals(tx)
  const must = Math.max(totals.bytes + bytes - quotaBytes, force)
  if (must <= 0) return totals
  const protect = new Set(options.protect)
  for (const lease of await tx.objectStore('leases').getAll()) {
    if (lease.expires > now) for (const cid of lease.cids) protect.add(cid)
    else await tx.objectStore('leases').delete(lease.id)
  }
  const target = Math.max(must, totals.bytes + bytes - Math.floor(quotaBytes * EVICTION_LOW_WATERMARK))
  const chosen = chooseEvictions(await tx.objectStore('meta').getAll(), protect, target, now)
  const freed = chosen.reduce((sum, { size }) => sum + size, 0)
  if (freed < must && totals.bytes + bytes - freed > quotaBytes) throw new StoreFullError(bytes, quotaBytes)
  await removeBlocks(
    tx,
    chosen.map(({ cid }) => cid),
  )
  return { pieces: totals.pieces - chosen.length, bytes: totals.bytes - freed }
}

/** Removes blocks and their rows; the totals are the caller's. */
export async function removeBlocks(tx: WriteTransaction, cids: readonly string[]): Promise<void> {
  await Promise.all(cids.flatMap((cid) => [tx.objectStore('pieces').delete(cid), tx.objectStore('meta').delete(cid)]))
}
