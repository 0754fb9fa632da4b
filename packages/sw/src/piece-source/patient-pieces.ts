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
  /** How long when the response has begun, so that giving up breaks it: a peer that was lost is found again, a relay is started again. */
  readonly begunMs: number
  /** Pause between the first two tries. */
  readonly pauseMs: number
  /** Pauses grow up to this. */
  readonly maxPauseMs: number
}

/**
 * Defaults of {@link PatientPieces}. A lost connection on which a piece is owed is noticed after 30 s at the latest, an
 * idle one after 41 s (a ping each 21 s, answered within 20 s), and takes some more to be made again.
 */
export const PATIENCE: PatientPiecesInit = Object.freeze({
  answeredMs: 15_000,
  silentMs: 2_000,
  begunMs: 60_000,
  pauseMs: 250,
  maxPauseMs: 2_000,
})

/** Each pause is longer than the last by this. */
const PAUSE_GROWTH = 1.25

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
   * @throws failure, when patience ends or can't help; for a response that has begun, an error that
   *   says how long was waited and what peers and HTTP said last, with the failure as its cause
   */
  async fetch(piece: Piece, demand: PieceDemand, failure: unknown): Promise<FetchedPiece> {
    if (failure instanceof OriginChangedError || !this.#components.online()) throw failure
    const { begun = false } = demand
    const patienceMs = this.#patienceMs(begun, failure)
    const last: LastWords = { peers: undefined, http: failure }
    const over = new AbortController()
    const signal = AbortSignal.any([demand.signal, over.signal])
    const timer = this.#components.sleep(patienceMs, { signal }).then(
      () => {
        over.abort(begun ? gaveUp(piece.cid, patienceMs, last, failure) : failure)
      },
      () => undefined,
    )
    try {
      return await this.#tryOn(piece, { ...demand, signal }, last)
    } finally {
      over.abort(failure)
      await timer
    }
  }

  #patienceMs(begun: boolean, failure: unknown): number {
    const { begunMs, answeredMs, silentMs } = this.#init
    if (begun) return begunMs
    return failure instanceof BlackholeError ? answeredMs : silentMs
  }

  /** Asks peers and relays by turns until the signal is aborted, or nobody is left who could help. */
  async #tryOn(piece: Piece, demand: PieceDemand, last: LastWords): Promise<FetchedPiece> {
    const { directory, peers, relays, sleep } = this.#components
    const { signal, begun } = demand
    const failure = last.http
    let isAtRelays = !(failure instanceof NotFoundError)
    for (let pauseMs = this.#init.pauseMs; ; pauseMs = Math.min(this.#init.maxPauseMs, pauseMs * PAUSE_GROWTH)) {
      // A response that has begun may be saved by a relay alone, whether or not a page hosts.
      const isForPeers = begun !== true || !isAtRelays
      if (isForPeers && (await directory.waitForHost({ signal })) === undefined) throw last.http
      try {
        return await peers.fetch(piece, demand)
      } catch (error) {
        signal.throwIfAborted()
        last.peers = error
      }
      if (isAtRelays) {
        try {
          return await relays.fetch(piece, demand)
        } catch (error) {
          signal.throwIfAborted()
          last.http = error
          isAtRelays = !(error instanceof NotFoundError)
        }
      }
      await sleep(pauseMs, { signal })
    }
  }
}

/** What was said last. */
interface LastWords {
  peers: unknown
  http: unknown
}

function gaveUp(cid: string, patienceMs: number, { peers, http }: LastWords, cause: unknown): BlackholeError {
  const seconds = String(patienceMs / 1000)
  return new BlackholeError(
    'unavailable',
    `Nobody had block ${cid} for ${seconds} s. Peers: ${messageOf(peers)}. HTTP: ${messageOf(http)}`,
    { subject: cid, cause },
  )
}

function messageOf(error: unknown): string {
  if (error === undefined) return 'no answer'
  return error instanceof Error ? error.message : 'failed without a reason'
}
