import { BlackholeError, NotFoundError } from '@blackhole/protocol'
import type { HostDirectory } from '../host/host-directory.ts'
import { OriginChangedError } from './origin-pieces.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

/** Options of {@link PatientPieces}. */
export interface PatientPiecesInit {
  /** How long a block is waited for when relays answer but don't have it: a page may be about to join its peers. */
  readonly answeredMs: number
  /** How long when no relay answers: only a page that has its peers already can still help. */
  readonly silentMs: number
  /** Pause between two tries. */
  readonly pauseMs: number
}

/** Defaults of {@link PatientPieces}. */
export const PATIENCE: PatientPiecesInit = Object.freeze({ answeredMs: 15_000, silentMs: 2_000, pauseMs: 250 })

/** What {@link PatientPieces} works with. */
export interface PatientPiecesComponents {
  readonly directory: Pick<HostDirectory, 'waitForHost'>
  readonly peers: PieceSource
  /** Asked again too, as one that served no content may serve again, until one says that it lacks the block. */
  readonly relays: PieceSource
  sleep: (ms: number, options: { signal: AbortSignal }) => Promise<void>
  /** Whether the browser thinks that it has a network. */
  online: () => boolean
}

/**
 * The last resort for a block that neither peers nor HTTP had: waits for a
 * page to host, and for its peers to be found. A page that is being loaded can
 * host only after it got this far, and a relay that serves no content leaves
 * nobody else.
 */
export class PatientPieces {
  readonly #components: PatientPiecesComponents
  readonly #init: PatientPiecesInit

  constructor(components: PatientPiecesComponents, init: PatientPiecesInit = PATIENCE) {
    this.#components = components
    this.#init = init
  }

  /**
   * @param failure - why HTTP failed
   * @throws failure, when patience ends or can't help
   */
  async fetch(piece: Piece, demand: PieceDemand, failure: unknown): Promise<FetchedPiece> {
    if (failure instanceof OriginChangedError || !this.#components.online()) throw failure
    const patienceMs = failure instanceof BlackholeError ? this.#init.answeredMs : this.#init.silentMs
    const over = new AbortController()
    const signal = AbortSignal.any([demand.signal, over.signal])
    const timer = this.#components.sleep(patienceMs, { signal }).then(
      () => {
        over.abort(failure)
      },
      () => undefined,
    )
    let isAtRelays = !(failure instanceof NotFoundError)
    try {
      for (;;) {
        const host = await this.#components.directory.waitForHost({ signal })
        if (host === undefined) throw failure
        try {
          return await this.#components.peers.fetch(piece, { ...demand, signal })
        } catch {
          signal.throwIfAborted()
        }
        if (isAtRelays) {
          try {
            return await this.#components.relays.fetch(piece, { ...demand, signal })
          } catch (error) {
            signal.throwIfAborted()
            isAtRelays = !(error instanceof NotFoundError)
          }
        }
        await this.#components.sleep(this.#init.pauseMs, { signal })
      }
    } finally {
      over.abort(failure)
      await timer
    }
  }
}
