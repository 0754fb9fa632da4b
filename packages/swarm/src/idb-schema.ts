import type { DBSchema, IDBPDatabase } from 'idb'
import type { EvictionQueue } from './eviction.ts'

/** Default name of the database of pieces. */
export const PIECES_DATABASE = 'blackhole-pieces'

/** What is known of a block without reading it. */
export interface PieceMeta {
  cid: string
  size: number
  site: string
  queue: EvictionQueue
  /** Place in its queue; the lowest is next to go. */
  place: number
  /** Uses since it came into its queue, counted to 3. */
  uses: number
}

/** A block that was evicted before it was used again. Should it come back soon, it was popular after all. */
export interface GhostRow {
  cid: string
  size: number
  site: string
  /** Rises with each ghost: the lowest is forgotten first. */
  place: number
}

/** What the database holds, and the next free place of a queue. */
export interface TotalsRow {
  pieces: number
  bytes: number
  ghostBytes: number
  nextPlace: number
}

/** Protection from eviction that a context took, and will have to renew. */
export interface LeaseRow {
  id: string
  cids: string[]
  /** Milliseconds since 1970; a context that was killed can't release, so leases end by themselves. */
  expires: number
}

/** Layout of the database. Bytes and index are apart, so that the index can be read alone. */
export interface PiecesSchema extends DBSchema {
  pieces: { key: string; value: Uint8Array<ArrayBuffer> }
  meta: { key: string; value: PieceMeta; indexes: { site: string } }
  leases: { key: string; value: LeaseRow }
  ghosts: { key: string; value: GhostRow; indexes: { site: string; place: number } }
  /** One row, `usage`: kept in the same transactions as the blocks, so that contexts agree on it. */
  totals: { key: string; value: TotalsRow }
}

/** An open database of pieces. */
export type PiecesDatabase = IDBPDatabase<PiecesSchema>
