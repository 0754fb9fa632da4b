import { NotFoundError } from '@blackhole/protocol'
import type { CID } from 'multiformats/cid'
import { PieceAssembly } from './piece-assembly.ts'
import type { BadCopy } from './blame.ts'

/** What a fetch gives. */
export interface FetchedPiece {
  /** The verified block. It may be shared with other callers: don't change it. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Peers whose bytes are in it. */
  readonly peers: string[]
}

/** Terms of a fetch. */
export interface PieceFetchInit {
  readonly cid: string
  /** The same, read. */
  readonly link: CID
  /** Number of the piece, when it is one of a known version. */
  readonly piece: number | undefined
  readonly size: number | undefined
  /** Milliseconds. */
  readonly now: number
}

/** One block that is being fetched, for whoever waits for it. */
export class PieceFetch {
  readonly cid: string
  /** The same, read once: that takes as long as hashing some KiB. */
  readonly link: CID
  /** The same, as it is sent. */
  readonly cidBytes: Uint8Array<ArrayBuffer>
  readonly piece: number | undefined
  readonly startedAt: number
  assembly: PieceAssembly

  /** When somebody needs it, in milliseconds; `Infinity` for a background download. */
  deadline = Infinity
  /** Whether peers of last resort may be asked. */
  lastResort = false
  /** Callers that wait for it; a background download has none. */
  waiting = 0
  /** Those of them that are to be told at once when nobody has it. */
  impatient = 0
  /** Wanted by `prefetch`, whether or not somebody waits for it. */
  background = false

  /** Who fetches it first of all; others help when they have nothing else to do. */
  owner: string | undefined
  /** Requests under way. */
  requests = 0
  /** Milliseconds. */
  lastProgressAt: number
  /** Peers that said that they don't have it. */
  readonly absent = new Set<string>()
  /** Peers that sent some of it: for blocks that are in nobody's bitfield. */
  readonly present = new Set<string>()
  /** Who is being asked whether it has the block, when nobody is known to. */
  probing: string | undefined

  /** After a copy that was bad: the only peer that the next copy is taken from. */
  soleSource: string | undefined
  /** Copies that several peers spoilt, kept until a good one tells who. */
  readonly badCopies: BadCopy[] = []
  /** Sizes that peers claimed for the block. */
  readonly claims = new Map<string, number>()

  #size: number | undefined
  readonly #done = Promise.withResolvers<FetchedPiece>()
  #settled = false

  constructor(init: PieceFetchInit) {
    this.cid = init.cid
    this.link = init.link
    this.cidBytes = new Uint8Array(init.link.bytes)
    this.piece = init.piece
    this.#size = init.size
    this.startedAt = init.now
    this.lastProgressAt = init.now
    this.assembly = new PieceAssembly(init.size)
    // A background download has nobody who would hear of its failure.
    this.#done.promise.catch(() => undefined)
  }

  /** The piece, or why there is none. */
  get done(): Promise<FetchedPiece> {
    return this.#done.promise
  }

  get isSettled(): boolean {
    return this.#settled
  }

  /** Somebody waits for it, so that it goes before all background downloads. */
  get isUrgent(): boolean {
    return this.waiting > 0
  }

  /** Those who wait for it also wait for somebody to have it. */
  get isPatient(): boolean {
    return this.waiting > 0 && this.impatient === 0
  }

  /** Begins again with nothing. */
  restart(): void {
    this.assembly = new PieceAssembly(this.badCopies.length === 0 && this.claims.size === 0 ? this.#size : undefined)
    this.owner = undefined
    this.probing = undefined
  }

  succeed(piece: FetchedPiece): void {
    this.#settled = true
    this.#done.resolve(piece)
  }

  /** @param error - default: nobody has it */
  fail(error: Error = new NotFoundError(this.cid)): void {
    this.#settled = true
    this.#done.reject(error)
  }
}
