import type { IDBPDatabase, IDBPTransaction, StoreNames } from 'idb'
import { MAX_COUNTED_USES } from './eviction.ts'
import type { PieceMeta, PiecesSchema } from './idb-schema.ts'

/** A row of version 1, where recency and popularity decided what goes. */
interface PieceMetaV1 {
  readonly cid: string
  readonly size: number
  readonly site: string
  /** Milliseconds since 1970. */
  readonly lastUsed: number
  readonly uses: number
}

/**
 * Brings the database of pieces to the present layout, within the transaction of its upgrade: when it fails, the
 * old layout stays. Blocks stay where they are; what was used longest ago goes first in the new order too.
 *
 * @param from - version that it has; 0 when it is new
 */
export async function migratePieces(
  database: IDBPDatabase<PiecesSchema>,
  from: number,
  tx: IDBPTransaction<PiecesSchema, StoreNames<PiecesSchema>[], 'versionchange'>,
): Promise<void> {
  if (from < 1) {
    database.createObjectStore('pieces')
    database.createObjectStore('meta', { keyPath: 'cid' }).createIndex('site', 'site')
    database.createObjectStore('leases', { keyPath: 'id' })
    database.createObjectStore('totals')
  }
  const ghosts = database.createObjectStore('ghosts', { keyPath: 'cid' })
  ghosts.createIndex('site', 'site')
  ghosts.createIndex('place', 'place')
  if (from < 1) return
  const rows = (await tx.objectStore('meta').getAll()) as unknown as PieceMetaV1[]
  rows.sort((a, b) => a.lastUsed - b.lastUsed)
  const meta = tx.objectStore('meta')
  const writes = rows.map(({ cid, size, site, uses }, place) => {
    const row: PieceMeta = {
      cid,
      size,
      site,
      queue: uses > 0 ? 'main' : 'small',
      place,
      uses: Math.max(0, Math.min(MAX_COUNTED_USES, uses - 1)),
    }
    return meta.put(row)
  })
  const bytes = rows.reduce((sum, { size }) => sum + size, 0)
  await Promise.all(writes)
  await tx.objectStore('totals').put({ pieces: rows.length, bytes, ghostBytes: 0, nextPlace: rows.length }, 'usage')
}
