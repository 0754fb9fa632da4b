import type { HolderPace, Source } from '@blackhole/protocol'
import { HEDGE, isUrgent, planHedge } from '../hedge.ts'
import type { HedgePlan } from '../hedge.ts'
import type { ResponseProgress } from '../response/response-progress.ts'
import { ReadAhead } from './read-ahead.ts'
import type { ReadAheadComponents } from './read-ahead.ts'
import type { FetchedPiece, Piece, PieceDemand, ResponseTraits } from './piece-source.ts'

/** A block that is no part of a file is a folder or a manifest, and about as large. */
const BLOCK_BYTES = 16 * 1024

/** Peers first, and HTTP beside them after a head start; the slower of the two is cancelled. Both are measured. */
export class HedgedPieces {
  readonly #components: ReadAheadComponents
  readonly #ahead: ReadAhead
  #alone = 0

  constructor(components: ReadAheadComponents) {
    this.#components = components
    this.#ahead = new ReadAhead(components)
  }

  /**
   * One checked block from whoever is first.
   *
   * @throws what HTTP said, when neither has it
   */
  async fetch(piece: Piece, demand: PieceDemand, traits: ResponseTraits): Promise<FetchedPiece> {
    demand.signal.throwIfAborted()
    const { progress } = traits
    // With nobody there yet, too: others may come while it is on its way, and HTTP is asked for few pieces at a time.
    if (progress !== undefined && !isUrgent(traits))
      return await this.#ahead.fetch(piece, demand, { ...traits, progress })
    if (this.#components.peerCount() === 0) {
      const fetched = await this.#components.http.fetch(piece, demand)
      progress?.got(fetched.bytes.byteLength)
      return fetched
    }
    const plan = this.#plan(piece, traits)
    const isProbe = plan.ask === 'http' && ++this.#alone % HEDGE.probeEvery === 0
    if (plan.ask === 'http' && !isProbe) return await this.#httpFirst(piece, demand)
    return await this.#race(piece, demand, traits, plan)
  }

  /** From where a piece came before anybody asked for it, as a part of a long response; said once to that response. */
  cameAhead(cid: string, progress: ResponseProgress | undefined): Source | undefined {
    return this.#ahead.later.take(cid, progress)
  }

  /** A piece that came ahead over HTTP for this response was not kept. */
  lostAhead(piece: Piece, progress: ResponseProgress): void {
    this.#ahead.later.lost(piece, progress)
  }

  #plan(piece: Piece, traits: ResponseTraits, pace?: HolderPace): HedgePlan {
    const { memory, server, peerCount } = this.#components
    const bytes = bytesOf(piece)
    const origin = server()
    return planHedge({
      ...traits,
      peers: peerCount(),
      fromPeers: memory.peers.expect(bytes, pace),
      fromHttp: origin === undefined ? undefined : memory.origin(origin).expect(bytes),
    })
  }

  async #httpFirst(piece: Piece, demand: PieceDemand): Promise<FetchedPiece> {
    const { http, peers } = this.#components
    try {
      return await http.fetch(piece, demand)
    } catch (error) {
      demand.signal.throwIfAborted()
      return await peers.fetch(piece, demand).catch(() => {
        demand.signal.throwIfAborted()
        throw error
      })
    }
  }

  async #race(piece: Piece, demand: PieceDemand, traits: ResponseTraits, plan: HedgePlan): Promise<FetchedPiece> {
    const { clock, memory, http, peers, server } = this.#components
    const bytes = bytesOf(piece)
    const over = new AbortController()
    const signal = AbortSignal.any([demand.signal, over.signal])
    // What nobody needs yet may come late on purpose, which says nothing of who sends it.
    const isMeasured = !(traits.spareMs !== undefined && traits.spareMs > HEDGE.minMs)
    const began = clock.now()
    let pace: HolderPace | undefined
    let headStartMs = plan.headStartMs
    const replanned = new AbortController()
    const onPace = (told: HolderPace): void => {
      pace = told
      headStartMs = told.overHttp === true ? HEDGE.maxSpareMs : this.#plan(piece, traits, told).headStartMs
      replanned.abort()
    }
    // Aborted when peers fail, so that HTTP begins at once.
    const peersFailed = new AbortController()
    const fromPeers = peers.fetch(piece, { ...demand, signal, onPace }).then(
      (fetched) => {
        // What the page held itself says nothing of its peers.
        if (fetched.source === 'peers' && isMeasured)
          memory.peers.took(clock.now() - began, fetched.bytes.byteLength, { pace })
        return fetched
      },
      (error: unknown) => {
        peersFailed.abort()
        throw error
      },
    )
    let askedHttp: { at: number; server: string | undefined } | undefined
    const fromHttp = async (): Promise<FetchedPiece> => {
      const ends = [signal, peersFailed.signal]
      if (headStartMs > 0)
        await clock.sleep(headStartMs, { signal: AbortSignal.any([...ends, replanned.signal]) }).catch(() => undefined)
      // The page has told of the peers that hold it: the wait is theirs now.
      const leftMs = replanned.signal.aborted ? began + headStartMs - clock.now() : 0
      if (leftMs > 0) await clock.sleep(leftMs, { signal: AbortSignal.any(ends) }).catch(() => undefined)
      signal.throwIfAborted()
      askedHttp = { at: clock.now(), server: server() }
      return await http.fetch(piece, { ...demand, signal })
    }
    try {
      const first = await Promise.any([fromPeers, fromHttp()])
      if (first.source === 'http' && !peersFailed.signal.aborted && isMeasured)
        memory.peers.tookMoreThan(clock.now() - began, bytes, pace)
      else if (first.source === 'peers' && askedHttp?.server !== undefined)
        memory.origin(askedHttp.server).tookMoreThan(clock.now() - askedHttp.at, bytes)
      memory.changed()
      return first
    } catch (error) {
      demand.signal.throwIfAborted()
      throw error instanceof AggregateError ? (error.errors as unknown[]).at(-1) : error
    } finally {
      over.abort()
    }
  }
}

/** Bytes of the piece, as far as they are known before it is here. */
function bytesOf({ of }: Piece): number {
  return of?.length ?? BLOCK_BYTES
}
