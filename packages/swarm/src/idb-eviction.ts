import type { IDBPTransaction } from 'idb'
import { EVICTION_LOW_WATERMARK, MAX_GHOSTS, planEvictions, SMALL_SHARE } from './eviction.ts'
import { StoreFullError } from './store-full-error.ts'
import type { EvictionCandidate } from './eviction.ts'
import type { PieceMeta, PiecesSchema, TotalsRow } from './idb-schema.ts'

/** A transaction that may change everything. */
export type WriteTransaction = IDBPTransaction<
  PiecesSchema,
  ('pieces' | 'meta' | 'leases' | 'totals' | 'ghosts')[],
  'readwrite'
>

/** Reads the totals inside a transaction. */
export async function readTotals(tx: Pick<WriteTransaction, 'objectStore'>): Promise<TotalsRow> {
  const row = await tx.objectStore('totals').get('usage')
  return row ?? { pieces: 0, bytes: 0, ghostBytes: 0, nextPlace: 0 }
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
): Promise<TotalsRow> {
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
  const rows = await tx.objectStore('meta').getAll()
  const plan = planEvictions(rows, { protect, bytes: target, nextPlace: totals.nextPlace })
  const freed = plan.evicted.reduce((sum, { size }) => sum + size, 0)
  if (freed < must && totals.bytes + bytes - freed > quotaBytes) throw new StoreFullError(bytes, quotaBytes)
  const byCid = new Map(rows.map((row) => [row.cid, row]))
  await removeBlocks(
    tx,
    plan.evicted.map(({ cid }) => cid),
  )
  const moves = plan.moved.flatMap(({ cid, queue, place, uses }) => {
    const row = byCid.get(cid)
    return row === undefined ? [] : [tx.objectStore('meta').put({ ...row, queue, place, uses })]
  })
  await Promise.all(moves)
  const after = {
    ...totals,
    pieces: totals.pieces - plan.evicted.length,
    bytes: totals.bytes - freed,
    nextPlace: plan.nextPlace,
  }
  return rememberGhosts(tx, after, plan.ghosts, { byCid, quotaBytes })
}

/** Notes who was evicted before it was used again, and forgets the oldest of these. */
async function rememberGhosts(
  tx: WriteTransaction,
  totals: TotalsRow,
  blocks: readonly EvictionCandidate[],
  { byCid, quotaBytes }: { byCid: ReadonlyMap<string, PieceMeta>; quotaBytes: number },
): Promise<TotalsRow> {
  if (blocks.length === 0) return totals
  const ghosts = tx.objectStore('ghosts')
  let { ghostBytes, nextPlace } = totals
  for (const { cid, size } of blocks) {
    ghostBytes += size
    await ghosts.put({ cid, size, site: byCid.get(cid)?.site ?? '', place: nextPlace++ })
  }
  let count = await ghosts.count()
  let cursor = await ghosts.index('place').openCursor()
  while (cursor !== null && (count > MAX_GHOSTS || ghostBytes > (1 - SMALL_SHARE) * quotaBytes)) {
    ghostBytes -= cursor.value.size
    count -= 1
    await cursor.delete()
    cursor = await cursor.continue()
  }
  return { ...totals, ghostBytes, nextPlace }
}

/** Forgets ghosts. @returns how many there were of those named, and their bytes */
export async function forgetGhosts(
  tx: WriteTransaction,
  cids: readonly string[],
): Promise<{ found: Set<string>; bytes: number }> {
  const ghosts = tx.objectStore('ghosts')
  const found = new Set<string>()
  let bytes = 0
  const rows = await Promise.all(cids.map((cid) => ghosts.get(cid)))
  for (const row of rows) {
    if (row === undefined || found.has(row.cid)) continue
    found.add(row.cid)
    bytes += row.size
  }
  await Promise.all([...found].map((cid) => ghosts.delete(cid)))
  return { found, bytes }
}

/** Removes blocks and their rows; the totals are the caller's. */
export async function removeBlocks(tx: WriteTransaction, cids: readonly string[]): Promise<void> {
  await Promise.all(cids.flatMap((cid) => [tx.objectStore('pieces').delete(cid), tx.objectStore('meta').delete(cid)]))
}
