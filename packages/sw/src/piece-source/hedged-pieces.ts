import type { Clock } from '../clock.ts'
import type { PeerPace } from '../hedge.ts'
import { headStartMs } from '../hedge.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

/** What is known of the response that a piece is for. */
export interface ResponseTraits {
  /** `Request.destination`. */
  readonly destination: string
  /** Bytes of the whole response. */
  readonly bytes: number
  /** Pieces of the response before this one that are not delivered yet. */
  readonly ahead: number
}

/** What {@link HedgedPieces} works with. */
export interface HedgedPiecesComponents {
  readonly peers: PieceSource
  readonly http: PieceSource
  readonly clock: Clock
  readonly pace: PeerPace
  /** Peers that the host page has; undefined when no page has answered yet. */
  peerCount: () => number | undefined
}

/** Peers first, and HTTP beside them after a head start; the slower of the two is cancelled. */
export class HedgedPieces {
  readonly #components: HedgedPiecesComponents

  constructor(components: HedgedPiecesComponents) {
    this.#components = components
  }

  /**
   * One checked block from whoever is first.
   *
   * @throws what HTTP said, when neither has it
   */
  async fetch(piece: Piece, demand: PieceDemand, traits: ResponseTraits): Promise<FetchedPiece> {
    const { clock, pace, peers, http } = this.#components
    const headStart = headStartMs({ ...traits, peers: this.#components.peerCount(), pace })
    demand.signal.throwIfAborted()
    if (headStart === 0) return await http.fetch(piece, demand)

    const over = new AbortController()
    const signal = AbortSignal.any([demand.signal, over.signal])
    const began = clock.now()
    // Aborted when peers fail, so that HTTP begins at once.
    const peersFailed = new AbortController()
    const fromPeers = peers.fetch(piece, { ...demand, signal }).then(
      (fetched) => {
        pace.won(clock.now() - began)
        return fetched
      },
      (error: unknown) => {
        peersFailed.abort()
        throw error
      },
    )
    const fromHttp = async (): Promise<FetchedPiece> => {
      await clock.sleep(headStart, { signal: AbortSignal.any([signal, peersFailed.signal]) }).catch(() => undefined)
      signal.throwIfAborted()
      const fetched = await http.fetch(piece, { ...demand, signal })
      if (!peersFailed.signal.aborted && !over.signal.aborted) pace.lost()
      return fetched
    }
    try {
      return await Promise.any([fromPeers, fromHttp()])
    } catch (error) {
      demand.signal.throwIfAborted()
      throw error instanceof AggregateError ? (error.errors as unknown[]).at(-1) : error
    } finally {
      over.abort()
    }
  }
}
