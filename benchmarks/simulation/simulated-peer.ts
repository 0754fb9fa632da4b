import { Bitfield, chokeRound, OPTIMISTIC_INTERVAL_MS, pick, SWARM_DEFAULTS } from '@blackhole/swarm'
import { ChokedAllowance } from '../../packages/swarm/src/choked-allowance.ts'
import { CID } from 'multiformats/cid'
import { FetchQueue } from '../../packages/swarm/src/fetch-queue.ts'
import { PieceFetch } from '../../packages/swarm/src/piece-fetch.ts'
import { availabilityFor } from './piece-order.ts'
import type { Availability, ChokeState, PickPeer, PickState } from '@blackhole/swarm'
import type { Line } from '@blackhole/testkit/simulation/fluid-links'
import type { Peering, PieceRequest } from './peering.ts'
import type { SimulatedPeerComponents, SimulatedPeerInit } from './peer-terms.ts'

/** Waits of the product that its `candidates.ts` and `choke-control.ts` keep to themselves. */
const REFUSED_RETRY_MS = 10_000
const INTEREST_MS = 20_000

/** Pieces are a byte to the product's assembly, so that 10,000 peers need no memory for data; lines count all their bytes. */
const UNIT = new Uint8Array(1)
const NO_CID = CID.parse('bafkqaaa')

/**
 * One peer: the product's picker, fetch queue, availability, request windows, choker and allowance, with
 * simulated links in place of streams. It does what `Downloader`, `Uploader` and `ChokeControl` do around them.
 */
export class SimulatedPeer {
  readonly id: string
  readonly line: Line
  readonly accessMs: number
  readonly lastResort: boolean
  readonly holdings: Bitfield
  readonly peerings = new Map<string, Peering>()
  readonly availability: Availability
  readonly queue: FetchQueue
  isGone = false
  /** Pieces that are wanted and that the relay alone may be asked for: one holder, and it is the relay. */
  readonly #rare = new Set<number>()
  readonly #components: SimulatedPeerComponents
  readonly #init: SimulatedPeerInit
  readonly #allowance = new ChokedAllowance(SWARM_DEFAULTS.chokedAllowanceBytes)
  #choking: ChokeState = { optimistic: undefined, optimisticSince: 0 }
  #scheduled = false

  constructor(components: SimulatedPeerComponents, init: SimulatedPeerInit) {
    this.#components = components
    this.#init = init
    this.id = init.id
    this.line = init.line
    this.accessMs = init.accessMs
    this.lastResort = init.lastResort ?? false
    this.holdings = new Bitfield(init.pieces)
    this.availability = availabilityFor(init.order)
    this.queue = new FetchQueue(this.availability)
  }

  /** Notes a new connection. */
  connect(peering: Peering): void {
    this.peerings.set(peering.other.id, peering)
    for (const piece of peering.other.holdings) {
      this.availability.increment(piece)
      this.#noteRare(piece)
      if (this.availability.isWanted(piece)) peering.useful += 1
    }
    this.schedule()
  }

  /** A connection has ended: what was asked of it is asked of others. */
  disconnect(peering: Peering): void {
    this.peerings.delete(peering.other.id)
    for (const request of [...peering.requests.values()]) this.#release(peering, request)
    this.#components.links.clear(peering.flow)
    for (const piece of peering.other.holdings) {
      this.availability.decrement(piece)
      this.#noteRare(piece)
    }
    for (const fetch of [...this.queue.all]) {
      if (fetch.owner === peering.other.id) fetch.owner = undefined
      if (fetch.requests === 0 && fetch.piece !== undefined && this.availability.count(fetch.piece) === 0)
        this.#changeWanted(fetch.piece, () => this.queue.remove(fetch))
    }
    this.schedule()
  }

  /** Begins to fetch pieces in the background. */
  prefetch(pieces: Iterable<number>): void {
    const left = new Set([...pieces].filter((piece) => !this.holdings.has(piece)))
    this.queue.addGroup({ left, done: () => undefined, lastResort: true })
    for (const peering of this.peerings.values())
      peering.useful = [...left].filter((piece) => peering.other.holdings.has(piece)).length
    this.schedule()
  }

  /** A page waits for a piece. @returns whether anybody connected holds it */
  want(piece: number, deadline: number): boolean {
    const fetch = this.queue.get(cidOf(piece)) ?? this.#begin(piece)
    fetch.waiting = 1
    fetch.deadline = deadline
    this.#changeWanted(piece, () => this.queue.place(fetch))
    this.schedule()
    return this.availability.count(piece) > 0
  }

  /** Nobody waits for it here any more: it comes another way. */
  giveUp(piece: number): void {
    const fetch = this.queue.get(cidOf(piece))
    if (fetch === undefined) return
    for (const peering of this.peerings.values()) {
      const request = peering.requests.get(fetch)
      if (request !== undefined) this.#takeBack(peering, request)
    }
    this.#changeWanted(piece, () => this.queue.remove(fetch))
  }

  /** It holds a piece now, wherever it came from, and tells everybody. */
  store(piece: number): void {
    if (!this.holdings.add(piece)) return
    this.giveUp(piece)
    this.#changeWanted(piece, () => this.queue.held([piece]))
    this.#rare.delete(piece)
    for (const { other } of this.peerings.values()) other.#heardOf(this, piece)
  }

  /** One round of the choker. */
  choke(): void {
    const now = this.#components.events.now()
    const candidates = [...this.peerings.values()].map((peering) => ({
      peer: peering.other.id,
      interested: now - peering.askedAt < INTEREST_MS,
      receivedRate: peering.received.rate(now),
      sentRate: peering.sent.rate(now),
      newcomer: now - peering.joinedAt < OPTIMISTIC_INTERVAL_MS,
    }))
    const slots = this.#init.uploadSlots ?? SWARM_DEFAULTS.uploadSlots
    const decision = chokeRound(candidates, slots, this.#choking, now, this.#components.random)
    this.#choking = decision
    for (const peering of this.peerings.values()) {
      const choked = !decision.unchoked.has(peering.other.id)
      if (peering.choked === choked) continue
      peering.choked = choked
      peering.other.#heardChoke(this, choked)
    }
  }

  /** Decides again, once for all that changes now. */
  schedule(): void {
    if (this.#scheduled || this.isGone || this.queue.size + this.availability.wanted === 0) return
    this.#scheduled = true
    this.#components.events.schedule(0, () => {
      this.#scheduled = false
      if (!this.isGone) this.#assign()
    })
  }

  #assign(): void {
    const { events, random } = this.#components
    const now = events.now()
    const state = this.#state()
    // Whoever has nothing for us would be looked through in vain: leaving them out saves time and changes nothing.
    const isOpen = this.availability.wanted === 0 || [...this.queue.all].some(({ requests }) => requests === 0)
    let round = [...this.peerings.values()].filter(
      (peering) => (isOpen || this.#isUseful(peering)) && peering.isDueForMore && this.#hasRoom(peering),
    )
    round.sort((a, b) => a.expectedMs(1) - b.expectedMs(1))
    while (round.length > 0) {
      round = round.filter((peering) => {
        if (!this.#hasRoom(peering)) return false
        state.mayBegin = this.queue.begun.size < SWARM_DEFAULTS.maxBackgroundPieces
        const choice = pick(this.#view(peering), state, now, random)
        if (choice === undefined) return false
        const fetch = choice.kind === 'range' ? choice.fetch : this.#begin(choice.piece)
        if (choice.kind === 'begin') this.#changeWanted(choice.piece, () => this.queue.place(fetch))
        this.#ask(peering, fetch)
        return true
      })
    }
  }

  /** Whether it holds anything that waits in the background. */
  #isUseful({ other, useful }: Peering): boolean {
    return useful > 0 && (!other.lastResort || this.#rare.size > 0)
  }

  /** Does something by which a piece may begin or cease to wait in the background. */
  #changeWanted(piece: number, change: () => void): void {
    const before = this.availability.isWanted(piece)
    change()
    const now = this.availability.isWanted(piece)
    if (before === now) return
    for (const peering of this.peerings.values()) if (peering.other.holdings.has(piece)) peering.useful += now ? 1 : -1
  }

  #noteRare(piece: number): void {
    if (this.holdings.has(piece) || this.availability.count(piece) !== 1) this.#rare.delete(piece)
    else this.#rare.add(piece)
  }

  #hasRoom(peering: Peering): boolean {
    return peering.requests.size < SWARM_DEFAULTS.maxRequestsPerPeer && peering.pendingBytes < peering.window.bytes
  }

  #view(peering: Peering): PickPeer {
    const { other } = peering
    const now = this.#components.events.now()
    const isRefused = now - peering.refusedAt < REFUSED_RETRY_MS
    return {
      id: other.id,
      canServe: (fetch) =>
        fetch.piece !== undefined &&
        other.holdings.has(fetch.piece) &&
        !isRefused &&
        (!peering.chokes || fetch.isUrgent) &&
        (!other.lastResort || this.#isLeftToRelay(fetch.piece)),
      holds: (piece) =>
        !peering.chokes && other.holdings.has(piece) && (!other.lastResort || this.#isLeftToRelay(piece)),
    }
  }

  /** Whether no visitor holds it: the relay, which holds everything, is the only one that is counted. */
  #isLeftToRelay(piece: number): boolean {
    return this.availability.count(piece) <= 1
  }

  #state(): PickState & { mayBegin: boolean } {
    return {
      urgent: this.queue.urgent,
      begun: this.queue.begun,
      waiting: this.availability,
      mayBegin: true,
      expectedMs: (id, units) => {
        const peering = this.peerings.get(id)
        return peering === undefined ? Infinity : peering.expectedMs(units * this.#init.pieceBytes)
      },
    }
  }

  #begin(piece: number): PieceFetch {
    const now = this.#components.events.now()
    return new PieceFetch({ cid: cidOf(piece), link: NO_CID, piece, size: UNIT.byteLength, now })
  }

  #ask(peering: Peering, fetch: PieceFetch): void {
    const { events, links } = this.#components
    const { other, flow } = peering
    const bytes = this.#init.pieceBytes
    fetch.assembly.requested({ start: 0, end: UNIT.byteLength }, other.id, events.now())
    fetch.requests += 1
    fetch.owner ??= other.id
    const request: PieceRequest = {
      fetch,
      sentAt: events.now(),
      isOver: false,
      transfer: { bytes, done: () => this.#arrived(peering, request) },
    }
    peering.requests.set(fetch, request)
    peering.pendingBytes += bytes
    const isServed = other.#isAsked(this, bytes)
    events.schedule(peering.rttMs, () => {
      if (request.isOver) return
      if (isServed) {
        if (flow.queue.length === 0) peering.window.answered(peering.rttMs, false, events.now())
        links.send(flow, request.transfer)
      } else {
        peering.refusedAt = events.now()
        this.#release(peering, request)
        this.schedule()
      }
    })
  }

  /** @returns whether it will be served: it has a slot, or some of its allowance is left */
  #isAsked(by: SimulatedPeer, bytes: number): boolean {
    const now = this.#components.events.now()
    const peering = this.peerings.get(by.id)
    if (peering === undefined) return false
    peering.askedAt = now
    if (!peering.choked) return true
    if (this.#allowance.left(by.id, now) <= 0) return false
    this.#allowance.use(by.id, bytes, now)
    return true
  }

  #arrived(peering: Peering, request: PieceRequest): void {
    const { fetch, transfer } = request
    const now = this.#components.events.now()
    const { other } = peering
    this.#release(peering, request)
    peering.received.add(transfer.bytes, now)
    other.peerings.get(this.id)?.sent.add(transfer.bytes, now)
    peering.window.received(transfer.bytes, peering.requests.size > 0, now)
    if (fetch.piece === undefined || this.holdings.has(fetch.piece)) return
    fetch.assembly.write(0, UNIT, other.id)
    this.#components.delivered(other, this, fetch.piece)
    this.store(fetch.piece)
    this.schedule()
  }

  #takeBack(peering: Peering, request: PieceRequest): void {
    this.#components.links.cancel(peering.flow, request.transfer)
    this.#release(peering, request)
  }

  #release(peering: Peering, request: PieceRequest): void {
    if (request.isOver) return
    request.isOver = true
    peering.requests.delete(request.fetch)
    peering.pendingBytes -= request.transfer.bytes
    request.fetch.requests -= 1
    request.fetch.assembly.released({ start: 0 }, peering.other.id)
    if (request.fetch.owner === peering.other.id) request.fetch.owner = undefined
  }

  #heardOf(other: SimulatedPeer, piece: number): void {
    this.availability.increment(piece)
    this.#noteRare(piece)
    const peering = this.peerings.get(other.id)
    if (peering === undefined || this.holdings.has(piece)) return
    const isWanted = this.availability.isWanted(piece)
    if (isWanted) peering.useful += 1
    if (
      (isWanted || this.queue.get(cidOf(piece))?.requests === 0) &&
      peering.isDueForMore &&
      this.queue.begun.size < SWARM_DEFAULTS.maxBackgroundPieces
    )
      this.schedule()
  }

  #heardChoke(other: SimulatedPeer, chokes: boolean): void {
    const peering = this.peerings.get(other.id)
    if (peering === undefined) return
    peering.chokes = chokes
    // What it was asked for is refused, except that which it is sending already.
    if (chokes) for (const request of [...peering.requests.values()].slice(1)) this.#takeBack(peering, request)
    this.schedule()
  }
}

function cidOf(piece: number): string {
  return String(piece)
}
