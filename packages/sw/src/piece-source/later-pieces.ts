import type { Source } from '@blackhole/protocol'
import type { ResponseProgress } from '../response/response-progress.ts'
import type { FetchedPiece, Piece } from './piece-source.ts'

/** What is known of a piece that is wanted later. */
export interface LaterHolders {
  /** The page has it. */
  readonly here: boolean
  /** A connected peer holds it. */
  readonly held: boolean
  /** One says that it is getting it. */
  readonly coming: boolean
}

/** Terms of a {@link WantLater}. */
export interface WantLaterOptions {
  /** Ends it. */
  readonly signal: AbortSignal
  /** Told at once and whenever it changes, in the order of the CIDs; of none when the page is gone. */
  readonly onHolders: (holders: readonly LaterHolders[]) => void
}

/** Lets the page get blocks from peers, the rarest first, into the store. Nothing happens where no page takes it. */
export type WantLater = (cids: readonly string[], options: WantLaterOptions) => void

/** What {@link LaterPieces} works with. */
export interface LaterPiecesComponents {
  readonly want: WantLater
  /** Puts a checked block that came over HTTP into the store; resolves when there is room for the next, false when it was dropped. */
  readonly keep: (cid: string, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<boolean>
  /** So many bytes came over HTTP that no reader will count. */
  readonly unread: (bytes: number) => void
  /** Somebody may hold something now. */
  readonly changed: () => void
}

/**
 * Pieces beyond those that are read ahead that others may send meanwhile. In a crowd that came at once all have the
 * same first pieces: without these, whoever came last would have nothing to give. They cost storage, and are lost when
 * the reader leaves.
 */
export const LATER_PIECES = 32

/** A store that has lost so many of a response that came over HTTP gets no more of it: each comes a second time when it is read. */
const MAX_LOST = 2

/** The page is told anew when so many of them have come nearer. */
const RENEW_PIECES = 8

/** A piece that is wanted later. */
export interface LaterPiece {
  readonly piece: Piece
  readonly holders: LaterHolders | undefined
  /** Asks for it over HTTP. */
  ask: () => void
}

interface Later {
  readonly piece: Piece
  holders: LaterHolders | undefined
  came: Source | undefined
  isAsked: boolean
}

interface Response {
  readonly pieces: Map<string, Later>
  /** Ends with the response. */
  readonly signal: AbortSignal
  wanted: AbortController
  /** The page that was to get them is gone, or hosts no more. */
  isForgotten: boolean
  /** Pieces that came over HTTP and were not there when they were read. */
  lost: number
}

interface UnderWay {
  readonly fetched: Promise<FetchedPiece>
  readonly over: AbortController
  /** Whether the response that asked for it still wants it later. */
  isWanted: () => boolean
  /** Readers that wait for it now, of this response or another of the same file. */
  readers: number
}

/** The pieces of responses that nobody waits for yet: peers send them as it suits everyone, and HTTP what nobody has. */
export class LaterPieces {
  readonly #components: LaterPiecesComponents
  readonly #responses = new Map<ResponseProgress, Response>()
  readonly #underWay = new Map<string, UnderWay>()

  constructor(components: LaterPiecesComponents) {
    this.#components = components
  }

  /** Requests over HTTP that no reader waits for. */
  get requests(): number {
    return [...this.#underWay.values()].filter(({ readers }) => readers === 0).length
  }

  /**
   * What comes after the pieces that are read ahead, in order.
   *
   * @param signal - ends with the response
   */
  follow(progress: ResponseProgress, rest: readonly Piece[], signal: AbortSignal): void {
    const wanted = rest.slice(0, LATER_PIECES)
    const before = this.#responses.get(progress)
    const fresh = wanted.filter(({ cid }) => before?.pieces.has(cid) !== true).length
    const isNear = fresh === 0 || (before !== undefined && fresh < RENEW_PIECES && wanted.length === LATER_PIECES)
    if (isNear && before?.isForgotten !== true) return
    const response = before ?? {
      pieces: new Map<string, Later>(),
      signal,
      wanted: new AbortController(),
      isForgotten: false,
      lost: 0,
    }
    if (before === undefined) {
      this.#responses.set(progress, response)
      const end = (): void => {
        this.#end(progress)
      }
      signal.addEventListener('abort', end, { once: true })
    }
    for (const piece of wanted)
      if (!response.pieces.has(piece.cid))
        response.pieces.set(piece.cid, { piece, holders: undefined, came: undefined, isAsked: false })
    const left = [...response.pieces.values()].filter(({ came }) => came === undefined)
    if (left.length === 0) return
    const ended = response.wanted
    response.wanted = new AbortController()
    const onHolders = (holders: readonly LaterHolders[]): void => {
      response.isForgotten = holders.length === 0
      for (const [index, later] of left.entries()) {
        later.holders = holders[index]
        if (later.holders?.here === true) this.#came(progress, later, 'peers')
      }
      this.#components.changed()
    }
    // The new ones first: what both have goes on.
    this.#components.want(
      left.map(({ piece }) => piece.cid),
      { signal: response.wanted.signal, onHolders },
    )
    ended.abort()
  }

  /**
   * The piece is read now, and for this response no longer later.
   *
   * @returns from where it came meanwhile, when it did: `local` when another response let it come
   */
  take(cid: string, progress: ResponseProgress | undefined): Source | undefined {
    const pieces = progress === undefined ? undefined : this.#responses.get(progress)?.pieces
    const own = pieces?.get(cid)?.came
    pieces?.delete(cid)
    if (own !== undefined) return own
    const isHere = [...this.#responses.values()].some((other) => other.pieces.get(cid)?.came !== undefined)
    return isHere ? 'local' : undefined
  }

  /** A piece that came over HTTP for this response is not in the store. */
  lost({ of }: Piece, progress: ResponseProgress): void {
    const response = this.#responses.get(progress)
    if (response !== undefined) response.lost++
    const bytes = of?.length ?? 0
    progress.got(-bytes)
    this.#components.unread(bytes)
  }

  /** Whether it is on its way over HTTP. */
  isUnderWay(cid: string): boolean {
    return this.#underWay.has(cid)
  }

  /**
   * Waits for what is on its way over HTTP. When the signal ends the wait, the request ends with it, unless others
   * wait for it too or the response that asked for it still wants it.
   */
  join(cid: string, signal: AbortSignal): Promise<FetchedPiece> | undefined {
    const underWay = this.#underWay.get(cid)
    if (underWay === undefined) return undefined
    underWay.readers++
    const left = Promise.withResolvers<never>()
    const onAbort = (): void => {
      left.reject(signal.reason as Error)
      underWay.readers--
      if (underWay.readers === 0 && !underWay.isWanted()) underWay.over.abort(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    return Promise.race([underWay.fetched, left.promise]).finally(() => {
      signal.removeEventListener('abort', onAbort)
    })
  }

  /**
   * Those that nobody is getting yet.
   *
   * @param fetch - one over HTTP
   */
  open(fetch: (piece: Piece, signal: AbortSignal) => Promise<FetchedPiece>): LaterPiece[] {
    const kept = [...this.#responses].filter(([, { lost }]) => lost < MAX_LOST)
    return kept.flatMap(([progress, response]) =>
      [...response.pieces.values()]
        .filter(({ came, isAsked }) => came === undefined && !isAsked)
        .map((later) => ({
          piece: later.piece,
          holders: later.holders,
          ask: () => {
            this.#ask(progress, response, later, fetch)
          },
        })),
    )
  }

  #ask(
    progress: ResponseProgress,
    response: Response,
    later: Later,
    fetch: (piece: Piece, signal: AbortSignal) => Promise<FetchedPiece>,
  ): void {
    const { cid } = later.piece
    later.isAsked = true
    if (this.#underWay.has(cid)) return
    const over = new AbortController()
    const fetched = fetch(later.piece, over.signal)
    const isWanted = (): boolean => this.#responses.get(progress)?.pieces.get(cid) === later
    const underWay: UnderWay = { fetched, over, isWanted, readers: 0 }
    this.#underWay.set(cid, underWay)
    fetched
      .then(async ({ bytes, source }) => {
        // Whoever waits for it keeps it.
        if (underWay.readers > 0) return
        if (await this.#components.keep(cid, bytes, response.signal)) {
          this.#came(progress, later, source)
          return
        }
        response.lost++
        this.#components.unread(bytes.byteLength)
      })
      // It is asked for again when it is read.
      .catch(() => undefined)
      .finally(() => {
        this.#underWay.delete(cid)
        this.#components.changed()
      })
  }

  #came(progress: ResponseProgress, later: Later, source: Source): void {
    const { cid, of } = later.piece
    if (later.came !== undefined || this.#responses.get(progress)?.pieces.get(cid) !== later) return
    later.came = source
    progress.got(of?.length ?? 0)
    const underWay = this.#underWay.get(cid)
    if (source === 'peers' && underWay?.readers === 0) underWay.over.abort()
  }

  #end(progress: ResponseProgress): void {
    const response = this.#responses.get(progress)
    response?.wanted.abort()
    for (const { came, piece } of response?.pieces.values() ?? [])
      if (came === 'http') this.#components.unread(piece.of?.length ?? 0)
    this.#responses.delete(progress)
    // What a reader of another response waits for goes on.
    for (const { readers, isWanted, over } of this.#underWay.values()) if (readers === 0 && !isWanted()) over.abort()
  }
}
