import type { Clock } from '../clock.ts'
import type { HedgeMemory } from '../hedge-memory.ts'
import { HEDGE, heldBackMs, planHedge, slackOf } from '../hedge.ts'
import type { ResponseProgress } from '../response/response-progress.ts'
import { LaterPieces } from './later-pieces.ts'
import { askInstead, isPlayed } from './waiting-piece.ts'
import type { LaterPiece, LaterPiecesComponents, WantLater } from './later-pieces.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'
import type { ReadAheadTraits, Waiting, Way } from './waiting-piece.ts'

/** What {@link ReadAhead} works with. */
export interface ReadAheadComponents {
  readonly peers: PieceSource
  readonly http: PieceSource
  readonly clock: Clock
  readonly memory: Pick<HedgeMemory, 'peers' | 'origin' | 'changed'>
  peerCount: () => number | undefined
  /** Origin of the server that HTTP would ask now; undefined when none would answer. */
  server: () => string | undefined
  /** From 0 up to, not including, 1. */
  random: () => number
  /** Blocks are asked for over HTTP, or (over) were in vain: peers that would ask too may wait for us. */
  fetching: (cids: readonly string[], over: boolean) => void
  readonly want: WantLater
  readonly keep: LaterPiecesComponents['keep']
  readonly unread: LaterPiecesComponents['unread']
}

/** How often it is looked whether a response falls behind. */
const LOOK_MS = 50

/** After a failure HTTP takes nothing from peers for so long: its server may be down, and what they had sent is lost. */
const FAILED_MS = 10_000

/** What HTTP is taken to bring before it was measured: bytes per millisecond, after the longest wait. */
const ASSUMED_BYTES_PER_MS = 1_000

/** A piece that did not come in this time, nor in twice the time that is late, is stuck. */
const STUCK_MS = 2_000

/** What nobody waits for holds a lane without a byte for so long, or for four times what HTTP takes for a piece. */
const LATER_STALL_MS = 20_000

/** Peers make headway while the piece that a reader waits for comes in so many times what HTTP takes. */
const HEADWAY = 2

/** Requests open at once for what nobody waits for yet, before it is known how many keep the line busy. */
const UNKNOWN_LANES = 2
/** And never more than this: with a round trip of 100 ms they fill a line of 300 Mbit/s. */
const MAX_LANES = 4
/** A round trip that is this part of a piece's transfer costs less than a second request at once would. */
const NEGLIGIBLE_WAIT = 0.15

/**
 * The pieces of a response that is longer than one: from peers, and as few as possible over HTTP. Two requests for one
 * piece are waste on the visitor's line as well as the origin's, so HTTP takes pieces *instead of* peers:
 *
 * - those that nobody has, few at a time and in an order of the visitor's own, after saying so to the peers: in a crowd
 *   that comes at once, each fetches other pieces from the origin, and they exchange them;
 * - while the response is behind what HTTP alone would have brought by now, one that nobody reads yet (`later-pieces.ts`),
 *   or the last one that is read ahead.
 *
 * Only the piece that the response waits for is asked for twice, once it is late (`planHedge`).
 */
export class ReadAhead {
  readonly #components: ReadAheadComponents
  /** In the order in which they are needed, response by response. */
  readonly #waiting = new Set<Waiting>()
  /** Beyond those. */
  readonly later: LaterPieces
  #looking = false
  #failedAt = -Infinity

  constructor(components: ReadAheadComponents) {
    this.#components = components
    this.later = new LaterPieces({
      ...components,
      changed: () => {
        this.#look()
      },
    })
  }

  /**
   * One checked block.
   *
   * @throws what HTTP said, when neither has it
   */
  async fetch(piece: Piece, demand: PieceDemand, traits: ReadAheadTraits): Promise<FetchedPiece> {
    demand.signal.throwIfAborted()
    const { clock, memory, peers, peerCount } = this.#components
    const over = new AbortController()
    const instead = new AbortController()
    const asked = Promise.withResolvers<Way>()
    const entry: Waiting = {
      traits,
      bytes: piece.of?.length ?? 0,
      ask: (way) => {
        entry.overHttp = true
        asked.resolve(way)
      },
      // A page without peers need not say so.
      holders: peerCount() === 0 ? 'nobody' : 'unknown',
      pace: undefined,
      firstSince: undefined,
      overHttp: false,
    }
    const place = [...this.#waiting].filter((other) => other.traits.progress === traits.progress && !other.overHttp)
    this.#waiting.add(entry)
    const began = clock.now()
    const signal = AbortSignal.any([demand.signal, over.signal])
    const onHolders = ({ held, coming, pace }: Parameters<NonNullable<PieceDemand['onHolders']>>[0]): void => {
      entry.pace = pace
      entry.holders = held ? 'held' : coming || pace?.overHttp === true ? 'coming' : 'nobody'
      this.#look()
    }
    const patient = { ...demand, signal: AbortSignal.any([signal, instead.signal]), patient: true, onHolders }
    const fromPeers = peers.fetch(piece, patient).then(
      (fetched) => {
        // Those before it were sent first.
        const tookMs = (clock.now() - began) / (place.length + 1)
        if (fetched.source === 'peers') memory.peers.took(tookMs, fetched.bytes.byteLength, { pace: entry.pace })
        return fetched
      },
      (error: unknown) => {
        entry.holders = 'nobody'
        this.#look()
        throw error
      },
    )
    const fromHttp = async (): Promise<FetchedPiece> => {
      const way = await asked.promise
      signal.throwIfAborted()
      if (way === 'instead' && entry.holders === 'held') instead.abort()
      try {
        return await this.#overHttp(piece, { ...demand, signal })
      } catch (error) {
        signal.throwIfAborted()
        // Patience ends: it may be that nobody ever has it. What peers are sending is joined, not begun again.
        const impatient = peers.fetch(piece, { ...demand, signal })
        instead.abort()
        return await impatient.catch(() => {
          signal.throwIfAborted()
          throw error
        })
      }
    }
    const onAbort = (): void => {
      asked.reject(demand.signal.reason as Error)
    }
    demand.signal.addEventListener('abort', onAbort)
    if (this.later.isUnderWay(piece.cid)) entry.ask('beside')
    // Alone, a reader has it in order.
    else if ((peerCount() ?? 0) > 0 && !isPlayed(traits))
      this.later.follow(traits.progress, traits.rest?.() ?? [], demand.signal)
    this.#look()
    void this.#keepLooking()
    try {
      const fetched = await Promise.any([fromPeers, fromHttp()])
      traits.progress.got(fetched.bytes.byteLength)
      memory.changed()
      return fetched
    } catch (error) {
      demand.signal.throwIfAborted()
      throw error instanceof AggregateError ? (error.errors as unknown[])[1] : error
    } finally {
      demand.signal.removeEventListener('abort', onAbort)
      over.abort()
      // Lets go of what waits to be asked.
      asked.resolve('instead')
      this.#waiting.delete(entry)
      this.#look()
    }
  }

  async #overHttp(piece: Piece, demand: PieceDemand): Promise<FetchedPiece> {
    const joined = this.later.join(piece.cid, demand.signal)
    try {
      if (joined !== undefined) return await joined
    } catch (error) {
      demand.signal.throwIfAborted()
      // It may have been ended for its silence: a reader asks for itself.
      if ((error as { reason?: unknown }).reason === 'changed') throw error
    }
    const { http, fetching, clock, memory, server } = this.#components
    const [at, origin] = [clock.now(), server()]
    fetching([piece.cid], false)
    try {
      return await http.fetch(piece, demand)
    } catch (error) {
      fetching([piece.cid], true)
      if (!demand.signal.aborted) this.#failedAt = clock.now()
      else if (origin !== undefined) memory.origin(origin).tookMoreThan(clock.now() - at, piece.of?.length ?? 0)
      throw error
    }
  }

  /** Time passes too, not only news. One loop for all. */
  async #keepLooking(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    const never = new AbortController()
    while (this.#waiting.size > 0) {
      await this.#components.clock.sleep(LOOK_MS, { signal: never.signal })
      this.#look()
    }
    this.#looking = false
  }

  #look(): void {
    const now = this.#components.clock.now()
    const firsts = new Map<ResponseProgress, Waiting>()
    for (const entry of this.#waiting) if (!firsts.has(entry.traits.progress)) firsts.set(entry.traits.progress, entry)
    for (const first of firsts.values()) {
      first.firstSince ??= now
      if (first.overHttp) continue
      const [waitedMs, backMs] = [now - first.firstSince, this.#heldBackMs(first.traits)]
      if (first.holders === 'nobody' && waitedMs >= backMs) first.ask('instead')
      else if (waitedMs >= Math.max(backMs, this.#patienceMs(first))) first.ask('beside')
    }
    let free = this.#lanes() - this.later.requests - [...this.#waiting].filter(({ overHttp }) => overHttp).length
    for (; free > 0; free--) {
      const ask = this.#unheld(now) ?? this.#behind(now)
      if (ask === undefined) return
      ask()
    }
  }

  /**
   * One that nobody has and nobody is getting, any of them: others that read the same take others. Where no peer is,
   * the next one; where none has or is getting any of it, one that is read ahead, and later ones when none of those is left.
   */
  #unheld(now: number): (() => void) | undefined {
    const unasked = [...this.#waiting].filter(({ overHttp }) => !overHttp)
    const next = unasked.filter(({ holders }) => holders === 'nobody').map(askInstead)
    if ((this.#components.peerCount() ?? 0) === 0) return next[0]
    const open = this.#hasFailed(now) ? [] : this.#open
    const later = open.filter(({ holders }) => holders !== undefined && !holders.held && !holders.coming)
    const isShared =
      [...this.#waiting].some(({ holders }) => holders === 'held' || holders === 'coming') ||
      open.some(({ holders }) => holders?.held === true || holders?.coming === true)
    return this.#any(unasked.length > 0 && !isShared ? next : [...next, ...later.map(({ ask }) => ask)])
  }

  /** Nobody would answer over HTTP, or somebody has just failed to. */
  #hasFailed(now: number): boolean {
    return this.#components.server() === undefined || now - this.#failedAt < FAILED_MS
  }

  /**
   * For a response that HTTP alone would have brought further: one of those that nobody waits for yet, any of them, as
   * long as peers send those that are read; else the last one that is read ahead. Peers send the first ones meanwhile.
   */
  #behind(now: number): (() => void) | undefined {
    if (this.#hasFailed(now)) return undefined
    const last = new Map<ResponseProgress, Waiting>()
    for (const entry of this.#waiting) if (!entry.overHttp) last.set(entry.traits.progress, entry)
    for (const entry of last.values()) {
      const httpMs = (bytes: number): number =>
        slackOf(entry.traits) * (this.#httpMs(bytes) ?? HEDGE.maxLargeMs + bytes / ASSUMED_BYTES_PER_MS)
      if (!entry.traits.progress.isBehind(entry.bytes, httpMs, now - this.#heldBackMs(entry.traits))) continue
      const { firstSince = now } =
        [...this.#waiting].find(({ traits }) => traits.progress === entry.traits.progress) ?? entry
      // What comes later is no progress to a reader whose peers send nothing.
      if (now - firstSince > HEADWAY * httpMs(entry.bytes)) return askInstead(entry)
      const later = this.#open.filter(({ holders }) => holders?.held === true)
      return this.#any(later.map(({ ask }) => ask)) ?? askInstead(entry)
    }
    return undefined
  }

  get #open(): LaterPiece[] {
    return this.later.open((piece, signal) => {
      const stallMs = Math.max(LATER_STALL_MS, 4 * (this.#httpMs(piece.of?.length ?? 0) ?? 0))
      return this.#overHttp(piece, { deadlineMs: Infinity, signal, stallMs })
    })
  }

  #any<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.#components.random() * choices.length)]
  }

  /**
   * How long the first one is waited for: that of what is played as for any single piece, since playing begins with it;
   * else until it is stuck, or, where nobody holds it yet, as long as HTTP itself would take.
   */
  #patienceMs({ traits, bytes, pace, holders }: Waiting): number {
    const { memory, peerCount } = this.#components
    const fromPeers = holders === 'held' ? memory.peers.expect(bytes, pace) : undefined
    const plays = isPlayed(traits)
    // What HTTP itself would take: in a crowd that is long, and asking the origin too makes it longer for everyone.
    const httpMs = slackOf(traits) * (this.#httpMs(bytes) ?? STUCK_MS)
    // The page has not said who holds it: it is busy, and may be frozen.
    if (!plays && holders === 'unknown') return Math.min(STUCK_MS, httpMs)
    // Nobody holds it yet, whatever is said of its coming.
    if (!plays && holders !== 'held') return httpMs
    if (!plays) return Math.max(STUCK_MS, httpMs, 2 * (fromPeers?.lateMs ?? 0))
    return planHedge({ ...traits, spareMs: 0, ahead: 0, peers: peerCount(), fromPeers, fromHttp: this.#expect(bytes) })
      .headStartMs
  }

  /** So many requests that the line is never idle for a round trip. */
  #lanes(): number {
    const [entry] = this.#waiting
    const empty = this.#httpMs(0)
    const whole = this.#httpMs(entry?.bytes ?? 0)
    if (empty === undefined || whole === undefined || whole <= empty) return UNKNOWN_LANES
    return Math.min(MAX_LANES, 1 + Math.ceil(empty / (whole - empty) - NEGLIGIBLE_WAIT))
  }

  /** For the whole response, which HTTP has to bring in time. */
  #heldBackMs({ spareMs, bytes }: ReadAheadTraits): number {
    return heldBackMs(spareMs, this.#httpMs(bytes))
  }

  #httpMs(bytes: number): number | undefined {
    return this.#expect(bytes)?.ms
  }

  #expect(bytes: number): ReturnType<HedgeMemory['peers']['expect']> {
    const server = this.#components.server()
    return server === undefined ? undefined : this.#components.memory.origin(server).expect(bytes)
  }
}
