import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

/** Asks sources one after the other. What the last one says counts, except that an error in `final` ends it at once. */
export class FirstOf implements PieceSource {
  readonly #sources: readonly PieceSource[]
  readonly #final: (error: unknown) => boolean

  constructor(sources: readonly PieceSource[], final: (error: unknown) => boolean = () => false) {
    this.#sources = sources
    this.#final = final
  }

  async fetch(piece: Piece, demand: PieceDemand): Promise<FetchedPiece> {
    let failure: unknown
    for (const source of this.#sources) {
      try {
        return await source.fetch(piece, demand)
      } catch (error) {
        demand.signal.throwIfAborted()
        if (this.#final(error)) throw error
        failure = error
      }
    }
    throw failure
  }
}
