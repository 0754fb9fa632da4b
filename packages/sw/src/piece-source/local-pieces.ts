import { NotFoundError } from '@blackhole/protocol'
import type { PieceStore } from '@blackhole/swarm'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'
import type { PieceKeeper } from './piece-keeper.ts'

/** What this browser has: the piece store, and what is on its way into it. */
export class LocalPieces implements PieceSource {
  readonly #store: PieceStore
  readonly #keeper: PieceKeeper

  constructor(store: PieceStore, keeper: PieceKeeper) {
    this.#store = store
    this.#keeper = keeper
  }

  async fetch({ cid }: Piece, { missing = false }: Pick<PieceDemand, 'missing'> = {}): Promise<FetchedPiece> {
    const bytes = this.#keeper.pending(cid) ?? (missing ? undefined : await this.#store.get(cid).catch(() => undefined))
    if (bytes === undefined) throw new NotFoundError(cid)
    return { bytes, source: 'local' }
  }

  /** For each CID, whether it is here. A store that fails has nothing. */
  async hasMany(cids: readonly string[]): Promise<boolean[]> {
    const stored = await this.#store.hasMany(cids).catch(() => cids.map(() => false))
    return cids.map((cid, index) => stored[index] === true || this.#keeper.pending(cid) !== undefined)
  }
}
