import { CorruptBlockError, NotFoundError } from '@blackhole/protocol'
import { verifyBlock } from '@blackhole/swarm'
import type { HostDirectory } from '../host/host-directory.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

/**
 * What the page that hosts the peer can get. When that page closes in the
 * middle, the next one is asked, once.
 */
export class PeerPieces implements PieceSource {
  readonly #directory: HostDirectory

  constructor(directory: HostDirectory) {
    this.#directory = directory
  }

  async fetch(piece: Piece, demand: PieceDemand): Promise<FetchedPiece> {
    try {
      return await this.#ask(piece.cid, demand)
    } catch (error) {
      if (demand.signal.aborted || (error as { reason?: unknown }).reason !== 'unavailable') throw error
      return await this.#ask(piece.cid, demand)
    }
  }

  async #ask(cid: string, demand: PieceDemand): Promise<FetchedPiece> {
    const host = await this.#directory.host()
    demand.signal.throwIfAborted()
    if (host === undefined) throw new NotFoundError(cid)
    const answered = new AbortController()
    void this.#directory.watch(host, { signal: answered.signal })
    try {
      const { bytes, source } = await host.request(cid, demand)
      if (!(await verifyBlock(cid, bytes))) throw new CorruptBlockError(cid, 'the host page')
      return { bytes, source }
    } finally {
      answered.abort()
    }
  }
}
