import type { ComingPiece } from '@blackhole/protocol'
import type { Swarm } from '@blackhole/swarm'
import type { SiteBlocks } from '../../peer/site-blocks.ts'
import { AHEAD_PLAN, planAhead } from './plan.ts'
import type { WantedPiece } from './plan.ts'
import { turnOf } from './turn.ts'

/** What {@link AheadFetcher} works with. */
export interface AheadFetcherComponents {
  readonly swarm: Pick<
    Swarm,
    | 'prefetch'
    | 'fetch'
    | 'availability'
    | 'isComing'
    | 'fetching'
    | 'holds'
    | 'unstored'
    | 'peers'
    | 'addEventListener'
    | 'removeEventListener'
  >
  readonly blocks: Pick<SiteBlocks, 'fromRelays'>
  readonly now: () => number
  /** Bytes came from other visitors that no player had asked for. */
  readonly onBytes: (bytes: number) => void
  /** Calls back later; what it returns cancels that. Default: `setTimeout`. */
  readonly setTimer?: (callback: () => void, ms: number) => () => void
  /** Whether the device's conditions and the visitor's choices allow it now. */
  readonly mayFetch: () => boolean
}

/** Streams of players that are followed at once. */
const MAX_STREAMS = 8

/** How often it is looked who holds what, while something is wanted. */
const ROUND_MS = 250

/** How soon, when somebody has said that they have something new. */
const NEWS_MS = 50

/** Pieces under way from relays: what the player asks for itself goes over the same line. */
const RELAY_PIECES = 2

/** Pieces under way in the background: each comes from all who have it, so that a few keep any line busy. */
const FAR_PIECES = 2

/** The same while a player waits for what it asked for. */
const FAR_PIECES_BESIDE = 1
/** One that has not come by then holds no place: whoever has it may choke us. */
const FAR_STUCK_MS = 5_000

/** A piece that was needed so long ago is not looked for any more: its player has gone, or has it from elsewhere. */
const FORGET_MS = 30_000

/** A piece in somebody's window. */
interface Wanted {
  neededAt: number
  readonly since: number
  /** Ends its fetch. */
  readonly over: AbortController
  /** `far`: peers, in the background; `player`: whoever answers its player. */
  from: 'peers' | 'far' | 'relay' | 'player' | undefined
  /** Since when it is fetched in the background. */
  farSince?: number
  /** A player has asked for it: whoever answers it counts the bytes. */
  asked: boolean
  /** Told when it is here (true) or given up. */
  readonly waiting: Set<(here: boolean) => void>
}

/**
 * Fetches what players are going to ask for, before they do: what is about to be needed first and from several peers
 * at once, what has time rarest first; of what nobody has, each visitor fetches some from a relay, so that it leaves it
 * once. Only as far as windows go, and only while it is allowed.
 */
export class AheadFetcher {
  readonly #components: AheadFetcherComponents
  readonly #self: string
  readonly #streams = new Map<string, readonly ComingPiece[]>()
  readonly #wanted = new Map<string, Wanted>()
  #far: { readonly key: string; readonly over: AbortController } | undefined
  #cancelTimer: (() => void) | undefined
  #isSoon = false
  #relays = 0

  /** @param init - `self`: our peer id */
  constructor(components: AheadFetcherComponents, init: { readonly self: string }) {
    this.#components = components
    this.#self = init.self
    components.swarm.addEventListener('piece', this.#onPiece)
    components.swarm.addEventListener('peer:update', this.#onNews)
  }

  /** What a player needs next: takes the place of what was said before of its stream. */
  set(stream: string, pieces: readonly ComingPiece[]): void {
    const now = this.#components.now()
    this.#streams.delete(stream)
    if (pieces.length > 0 && this.#components.mayFetch()) {
      this.#streams.set(
        stream,
        pieces.map((piece) => ({ ...piece, inMs: now + piece.inMs })),
      )
      const [oldest] = this.#streams.keys()
      if (this.#streams.size > MAX_STREAMS && oldest !== undefined) this.#streams.delete(oldest)
    }
    const all = [...this.#streams.values()].flat().filter(({ inMs }) => now - inMs < FORGET_MS)
    const coming = new Map(all.map((piece) => [piece.cid, piece]))
    for (const [cid, wanted] of this.#wanted) if (!coming.has(cid) && wanted.waiting.size === 0) this.#drop(cid, false)
    for (const [cid, { inMs: neededAt, asked = false }] of coming) {
      const known = this.#wanted.get(cid)
      if (known !== undefined) {
        known.neededAt = neededAt
        known.asked ||= asked
        // What others have a player that asks for it gets from them itself.
      } else if (!this.#isHere(cid) && !(asked && this.#isHeld(cid)))
        this.#wanted.set(cid, {
          neededAt,
          since: now,
          over: new AbortController(),
          from: undefined,
          asked,
          waiting: new Set(),
        })
    }
    this.#round()
  }

  /** Whether the device's conditions and the visitor's choices allow to fetch what nobody waits for yet. */
  get mayFetch(): boolean {
    return this.#components.mayFetch()
  }

  /** A player asks for a piece: what comes of it is no longer ours to count. */
  asked(cid: string): void {
    const wanted = this.#wanted.get(cid)
    if (wanted !== undefined) wanted.asked = true
  }

  /** Whether a piece is on its way from a relay. */
  isFromRelay(cid: string): boolean {
    return this.#wanted.get(cid)?.from === 'relay'
  }

  /**
   * A player has come to a piece that nobody holds: waits for it, where it is on its way, or others should get it first.
   *
   * @returns whether it is here; undefined at once when it is not fetched ahead
   */
  arrival(cid: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<boolean> | undefined {
    const wanted = this.#wanted.get(cid)
    if (wanted === undefined || signal?.aborted === true || this.#isLost(wanted)) return undefined
    if (wanted.from === 'player') return undefined
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const leave = (): void => {
      resolve(false)
    }
    wanted.waiting.add(resolve)
    signal?.addEventListener('abort', leave, { once: true })
    this.#round()
    return promise.finally(() => {
      signal?.removeEventListener('abort', leave)
      wanted.waiting.delete(resolve)
    })
  }

  /** Fetches nothing ahead any more: the page hosts no longer, or the device no longer allows it. */
  clear(): void {
    this.#streams.clear()
    for (const cid of [...this.#wanted.keys()]) this.#drop(cid, false)
    this.#round()
  }

  stop(): void {
    this.clear()
    this.#components.swarm.removeEventListener('piece', this.#onPiece)
    this.#components.swarm.removeEventListener('peer:update', this.#onNews)
  }

  #round(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#isSoon = false
    if (!this.#components.mayFetch() && this.#wanted.size > 0) {
      this.clear()
      return
    }
    const { swarm, now } = this.#components
    for (const [cid, wanted] of [...this.#wanted]) {
      if (this.#isHere(cid)) this.#drop(cid, true)
      else if (now() - wanted.neededAt > FORGET_MS) this.#drop(cid, false)
      // Nobody waits longer than the player can.
      else if (this.#isLost(wanted)) for (const told of wanted.waiting) told(false)
    }
    const peers = swarm.peers.filter(({ lastResort }) => !lastResort)
    const visitors = peers.map(({ id }) => id)
    const isUnsure = peers.some(({ askedAt }) => askedAt !== undefined && now() - askedAt < AHEAD_PLAN.askedMs)
    const pieces = [...this.#wanted]
      // What a player asks for, and does not wait for here, it gets from others itself.
      .filter(([, { asked, from, waiting }]) => !asked || from !== undefined || waiting.size > 0)
      .map(([cid, wanted]) => this.#look(cid, wanted, visitors))
    const plan = planAhead(pieces, visitors.length, now(), isUnsure)
    for (const piece of plan.near) this.#fromPeers(piece)
    this.#prefetch(plan.far)
    for (const piece of plan.fromRelay) this.#fromRelay(piece)
    if (this.#wanted.size > 0) this.#cancelTimer = this.#setTimer(() => this.#round(), ROUND_MS)
  }

  #look(cid: string, { neededAt, since, waiting }: Wanted, visitors: readonly string[]): WantedPiece {
    const { swarm } = this.#components
    return {
      cid,
      since,
      neededAt,
      awaited: waiting.size > 0,
      holders: swarm.availability(cid, { lastResort: false }),
      coming: swarm.isComing(cid),
      turn: turnOf(this.#self, visitors, cid),
    }
  }

  #fromPeers({ cid, neededAt, awaited }: WantedPiece): void {
    const wanted = this.#wanted.get(cid)
    if (wanted === undefined || (wanted.from !== undefined && wanted.from !== 'far')) return
    const { swarm, now } = this.#components
    wanted.from = 'peers'
    const deadlineMs = awaited ? 0 : Math.max(0, neededAt - now())
    swarm
      .fetch(cid, { deadlineMs, lastResort: false, signal: wanted.over.signal })
      .then(({ bytes }) => {
        if (!wanted.asked) this.#components.onBytes(bytes.byteLength)
        this.#drop(cid, true)
      })
      .catch(() => this.#failed(cid, wanted))
  }

  #prefetch(far: readonly WantedPiece[]): void {
    const cids = this.#begin(far)
    const key = cids.join()
    const before = this.#far
    if (before?.key === key) return
    this.#far = cids.length === 0 ? undefined : { key, over: new AbortController() }
    // The new group first: what both want goes on.
    if (this.#far !== undefined) {
      const { signal } = this.#far.over
      this.#components.swarm.prefetch(cids, { signal, lastResort: false }).catch(() => undefined)
    }
    before?.over.abort()
  }

  /** What goes on of the background, and the rarest of the rest: a few at a time, so that the line is there for the player. */
  #begin(far: readonly WantedPiece[]): string[] {
    const goesOn = new Set(far.map(({ cid }) => cid).filter((cid) => this.#wanted.get(cid)?.from === 'far'))
    for (const [cid, wanted] of this.#wanted) if (wanted.from === 'far' && !goesOn.has(cid)) wanted.from = undefined
    const [now, places] = [this.#components.now(), this.#playerWaits ? FAR_PIECES_BESIDE : FAR_PIECES]
    const stuck = [...goesOn].filter((cid) => now - (this.#wanted.get(cid)?.farSince ?? now) > FAR_STUCK_MS)
    for (const { cid } of far) {
      const wanted = this.#wanted.get(cid)
      if (wanted === undefined || wanted.from !== undefined || goesOn.size >= places + stuck.length) continue
      wanted.from = 'far'
      wanted.farSince = now
      goesOn.add(cid)
    }
    return [...goesOn]
  }

  /** A player has asked for something that is not here. */
  get #playerWaits(): boolean {
    return [...this.#streams.values()].some((pieces) =>
      pieces.some(({ cid, asked }) => asked === true && !this.#isHere(cid)),
    )
  }

  #fromRelay({ cid }: WantedPiece): void {
    const wanted = this.#wanted.get(cid)
    if (wanted === undefined || wanted.from !== undefined) return
    const { swarm, blocks } = this.#components
    if (wanted.asked) {
      // What a player has asked for is fetched over HTTP by whoever answers it, once it does not wait here.
      if (wanted.waiting.size === 0) return
      wanted.from = 'player'
      swarm.fetching([cid], false)
      for (const told of wanted.waiting) told(false)
      return
    }
    if (this.#relays >= RELAY_PIECES) return
    wanted.from = 'relay'
    this.#relays += 1
    swarm.fetching([cid], false)
    blocks
      .fromRelays(cid, { signal: wanted.over.signal })
      .finally(() => {
        this.#relays -= 1
      })
      .then(() => this.#drop(cid, true))
      .catch(() => {
        swarm.fetching([cid], true)
        this.#failed(cid, wanted)
      })
  }

  /** Looked at again in the next round; who waits for it looks elsewhere. */
  #failed(cid: string, wanted: Wanted): void {
    wanted.from = undefined
    if (this.#wanted.get(cid) === wanted) for (const told of wanted.waiting) told(false)
  }

  #drop(cid: string, here: boolean): void {
    const wanted = this.#wanted.get(cid)
    if (wanted === undefined) return
    this.#wanted.delete(cid)
    // A player that was left to fetch it may have gone elsewhere: others are not to wait for that.
    if (!here && wanted.from === 'player') this.#components.swarm.fetching([cid], true)
    wanted.over.abort()
    for (const told of wanted.waiting) told(here)
  }

  readonly #onPiece = ({ detail: { cid } }: CustomEvent<{ readonly cid: string }>): void => {
    this.#drop(cid, true)
    this.#onNews()
  }

  readonly #onNews = (): void => {
    if (this.#wanted.size === 0 || this.#isSoon) return
    this.#isSoon = true
    this.#cancelTimer?.()
    this.#cancelTimer = this.#setTimer(() => this.#round(), NEWS_MS)
  }

  /** It is needed by now, and nobody is sending it. */
  #isLost({ from, neededAt }: Wanted): boolean {
    return (from === undefined || from === 'far') && neededAt <= this.#components.now()
  }

  #isHeld(cid: string): boolean {
    return this.#components.swarm.availability(cid, { lastResort: false }) > 0
  }

  #isHere(cid: string): boolean {
    const { swarm } = this.#components
    return swarm.holds(cid) === true || swarm.unstored(cid) !== undefined
  }

  #setTimer(callback: () => void, ms: number): () => void {
    const { setTimer } = this.#components
    if (setTimer !== undefined) return setTimer(callback, ms)
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  }
}
