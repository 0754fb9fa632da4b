import type { HolderPace, Source } from '@blackhole/protocol'
import type { ResponseProgress } from '../response/response-progress.ts'

/** A block that is needed, and where else its bytes can be found. */
export interface Piece {
  readonly cid: string
  /** The file that it is a part of, when it is a piece of the site. */
  readonly of?: PieceOrigin
}

/** Where a piece lies in a file of the site. */
export interface PieceOrigin {
  /** Path of the URL on the site's origin, percent-encoded. */
  readonly pathname: string
  /** First byte of the piece in the file. */
  readonly offset: number
  /** Bytes of the piece. */
  readonly length: number
  /** Bytes of the whole file. */
  readonly size: number
}

/** How soon a piece is needed, and for how long it is. */
export interface PieceDemand {
  /** Needed in so many milliseconds. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
  /** The head of the response is out or about to be: giving up breaks a response that nobody else can complete. */
  readonly begun?: boolean
  /** The store said just now that it has it not: it is asked again only when nobody else has it. */
  readonly missing?: boolean
  /** Ends a request over HTTP that brings nothing for so long. Default: as the source has it. */
  readonly stallMs?: number
  /** Told by the peers, as soon as they are asked, how fast those are who hold it. */
  readonly onPace?: (pace: HolderPace) => void
  /** Whether peers are to wait until one of them has it, when none does. Default: no. */
  readonly patient?: boolean
  /** Told by the peers whenever it changes, where they are patient, who has it. */
  readonly onHolders?: (holders: PieceHolders) => void
}

/** Who could send a block. */
export interface PieceHolders {
  /** A connected peer holds it. */
  readonly held: boolean
  /** One says that it is getting it. */
  readonly coming: boolean
  /** How fast those are who hold it. */
  readonly pace: HolderPace | undefined
}

/** A block that hashes to its CID. */
export interface FetchedPiece {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly source: Source
}

/** What is known of the response that a piece is for. */
export interface ResponseTraits {
  /** `Request.destination`. */
  readonly destination: string
  /** Bytes of the whole response. */
  readonly bytes: number
  /** Pieces of the response before this one that are not delivered yet. */
  readonly ahead: number
  /** Nobody notices anything if it is here within so many milliseconds: a segment that its player has no use for yet. */
  readonly spareMs?: number | undefined
  /** How far the response has come, when it has several pieces. */
  readonly progress?: ResponseProgress
  /** Pieces of the response beyond those that are read ahead, in order, without those that were stored when it began. */
  readonly rest?: () => readonly Piece[]
}

/** Somewhere to get blocks from. What it returns has been checked against its CID. */
export interface PieceSource {
  /**
   * @throws {BlackholeError} `missing` when it is not there, `corrupt` when the
   * bytes are not the block's, `unavailable` or `timeout` when nobody answers;
   * the signal's reason when it aborts
   */
  fetch(piece: Piece, demand: PieceDemand): Promise<FetchedPiece>
}
