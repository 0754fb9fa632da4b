import { CHOKE_INTERVAL_MS } from '@blackhole/swarm'
import { MAX_BROWSER_PEERS } from '@blackhole/protocol'
import { seededRandom } from '@blackhole/testkit/rng'
import { access, arrivalTimes, weibull } from '@blackhole/testkit/simulation/draws'
import { EventQueue } from '@blackhole/testkit/simulation/event-queue'
import { Flow, FluidLinks, Line } from '@blackhole/testkit/simulation/fluid-links'
import { ANNOUNCE_INTERVAL_MS, UPLOAD_SLOTS_PER_SITE } from '../../packages/relay/src/limits.ts'
import { DEFAULT_PEER_SETTINGS } from '../../packages/sdk/src/peer/peer-settings.ts'
import { DialPlan } from '../../packages/sdk/src/peer/dial-plan.ts'
import { zipfDraw } from '../cache/trace.ts'
import { Introductions } from './introductions.ts'
import { Measures } from './measures.ts'
import { Peering } from './peering.ts'
import { SCENARIO_DEFAULTS } from './scenario.ts'
import { SimulatedPeer } from './simulated-peer.ts'
import type { Scenario } from './scenario.ts'
import type { Outcome } from './measures.ts'

/** A visitor: a peer, and whom it tries to reach. */
interface Visitor {
  readonly peer: SimulatedPeer
  readonly plan: DialPlan
  readonly arrivedAt: number
  announcedPieces: boolean
}

const BITS_PER_BYTE = 8
/** A round trip's half to one's own provider: 5 ms and more, a few far away. */
const ACCESS_MS = { least: 5, shape: 0.8, scale: 25 }
/** How far away a relay or an origin is. */
const SERVER_MS = 10
/** So long after the last arrival everything ends. */
const PATIENCE_MS = 60 * 60_000

/** A site's visitors, its relay and its origin, from the first arrival until all have left. */
export class Crowd {
  readonly #scenario: Scenario
  readonly #random: () => number
  /** Draws who the visitors are, apart from what they do: whatever is compared, the same ones come. */
  readonly #population: () => number
  readonly #events = new EventQueue()
  readonly #links = new FluidLinks(this.#events)
  readonly #measures: Measures
  readonly #introductions: Introductions
  readonly #online = new Map<string, Visitor>()
  readonly #origin = new Line(Infinity, Infinity)
  readonly #source: SimulatedPeer
  readonly #page: () => number

  constructor(scenario: Partial<Scenario> = {}) {
    this.#scenario = { ...SCENARIO_DEFAULTS, ...scenario }
    const { seed, pieces, pieceBytes, order, sourceKbps, zipf, pagePieces } = this.#scenario
    this.#random = seededRandom(seed)
    this.#population = seededRandom(seed ^ 0x5bd1e995)
    this.#measures = new Measures(pieces, pieceBytes)
    this.#introductions = new Introductions({ now: this.#events.now, random: this.#random })
    this.#page = zipfDraw(Math.max(1, Math.floor(pieces / pagePieces)), zipf, this.#random)
    const line = new Line(sourceKbps / BITS_PER_BYTE, sourceKbps / BITS_PER_BYTE)
    const source = { id: 'source', line, accessMs: SERVER_MS, pieces, pieceBytes, order }
    this.#source = new SimulatedPeer(this.#components(), {
      ...source,
      lastResort: true,
      uploadSlots: UPLOAD_SLOTS_PER_SITE,
    })
    for (let piece = 0; piece < pieces; piece += 1) this.#source.holdings.add(piece)
  }

  /** Plays it from beginning to end. */
  run(): Outcome {
    const { arrivals, visitors, visit, sampleMs } = this.#scenario
    const times = arrivalTimes(arrivals, visitors, this.#population)
    times.forEach((at, index) => this.#events.schedule(at, () => this.#arrive(`visitor-${String(index)}`)))
    const last = times.at(-1) ?? 0
    if (visit === 'download') this.#everySoOften(CHOKE_INTERVAL_MS, () => this.#source.choke(), last)
    this.#everySoOften(
      sampleMs,
      () =>
        this.#measures.sample(
          this.#events.now(),
          [...this.#online.values()].map(({ peer }) => peer),
        ),
      last,
    )
    this.#events.run(last + PATIENCE_MS)
    return this.#measures.outcome(this.#events.happened, last)
  }

  #components() {
    return {
      events: this.#events,
      links: this.#links,
      random: this.#random,
      delivered: (from: SimulatedPeer, to: SimulatedPeer) => {
        this.#measures.delivered(from.lastResort)
        this.#announceFirst(to)
        // The piece that came is stored right after this.
        if (to.holdings.count + 1 === this.#scenario.pieces) this.#completed(to)
      },
    }
  }

  #completed({ id }: SimulatedPeer): void {
    const visitor = this.#online.get(id)
    if (visitor !== undefined) this.#measures.completed(this.#events.now() - visitor.arrivedAt)
  }

  #everySoOften(ms: number, run: () => void, lastArrival: number): void {
    const again = (): void => {
      run()
      if (this.#events.now() < lastArrival || this.#online.size > 0) this.#events.schedule(ms, again)
    }
    this.#events.schedule(ms, again)
  }

  #arrive(id: string): void {
    const { pieces, pieceBytes, order, accessScale, visit, stayShape, stayScaleMs } = this.#scenario
    const random = this.#random
    const population = this.#population
    const { downKbps, upKbps } = access(this.#scenario.access, population)
    const bytesPerMs = (kbps: number): number => (kbps * accessScale) / BITS_PER_BYTE
    const up = Math.min(bytesPerMs(upKbps), DEFAULT_PEER_SETTINGS.uploadBytesPerSecond / 1000)
    const accessMs = ACCESS_MS.least + weibull(ACCESS_MS.shape, ACCESS_MS.scale, population)
    const line = new Line(up, bytesPerMs(downKbps))
    const peer = new SimulatedPeer(this.#components(), { id, line, accessMs, pieces, pieceBytes, order })
    const now = this.#events.now()
    const visitor: Visitor = { peer, plan: new DialPlan({ random }), arrivedAt: now, announcedPieces: false }
    this.#online.set(id, visitor)
    this.#measures.arrived()
    this.#choke(visitor)
    this.#events.schedule(this.#scenario.dialMs, () => this.#announceForEver(visitor))
    if (visit === 'browse') {
      this.#open(visitor, true)
      return
    }
    this.#connect(peer, this.#source)
    peer.prefetch(Array.from({ length: pieces }, (_, piece) => piece))
    this.#events.schedule(weibull(stayShape, stayScaleMs, population), () => this.#leave(visitor))
  }

  #leave(visitor: Visitor): void {
    const { peer } = visitor
    peer.isGone = true
    this.#online.delete(peer.id)
    this.#introductions.leave(peer.id)
    for (const peering of [...peer.peerings.values()]) {
      const back = peering.other.peerings.get(peer.id)
      peer.disconnect(peering)
      if (back !== undefined) peering.other.disconnect(back)
    }
    for (const flow of [...peer.line.receiving]) this.#links.clear(flow)
  }

  #choke(visitor: Visitor): void {
    if (visitor.peer.isGone) return
    visitor.peer.choke()
    this.#events.schedule(CHOKE_INTERVAL_MS, () => this.#choke(visitor))
  }

  #announceForEver(visitor: Visitor): void {
    if (visitor.peer.isGone) return
    this.#announce(visitor)
    this.#events.schedule(ANNOUNCE_INTERVAL_MS, () => this.#announceForEver(visitor))
  }

  #announce(visitor: Visitor): void {
    const { peer, plan } = visitor
    const wanted = Math.max(0, DEFAULT_PEER_SETTINGS.maxPeers - this.#visitorsOf(peer))
    const candidates = this.#introductions.announce(peer.id, peer.holdings.count, this.#scenario.pieces, wanted)
    this.#measures.announced(candidates.length)
    plan.offer({ candidates, relay: 'relay', isComplete: candidates.length < wanted, now: this.#events.now() })
    this.#dial(visitor)
  }

  /** As the product does: nobody is told of a peer that holds nothing, so its first pieces are told at once. */
  #announceFirst(peer: SimulatedPeer): void {
    const visitor = this.#online.get(peer.id)
    if (visitor === undefined || visitor.announcedPieces) return
    visitor.announcedPieces = true
    this.#events.schedule(0, () => {
      if (!peer.isGone) this.#announce(visitor)
    })
  }

  #dial(visitor: Visitor): void {
    const { peer, plan } = visitor
    const wanted = Math.max(0, DEFAULT_PEER_SETTINGS.maxPeers - this.#visitorsOf(peer))
    const linked = new Set([...peer.peerings.keys(), peer.id])
    for (const candidate of plan.next(this.#events.now(), linked, wanted)) {
      plan.started(candidate.peer)
      this.#measures.dialled()
      this.#events.schedule(this.#scenario.dialMs, () => {
        if (peer.isGone) return
        const other = this.#online.get(candidate.peer)?.peer
        const isFull = other !== undefined && this.#visitorsOf(other) >= MAX_BROWSER_PEERS
        if (other === undefined || isFull) plan.failed(candidate.peer, this.#events.now())
        else {
          plan.succeeded(candidate.peer)
          this.#connect(peer, other)
        }
        this.#dial(visitor)
      })
    }
  }

  #visitorsOf(peer: SimulatedPeer): number {
    return peer.peerings.size - (peer.peerings.has(this.#source.id) ? 1 : 0)
  }

  #connect(one: SimulatedPeer, other: SimulatedPeer): void {
    if (one.peerings.has(other.id)) return
    const terms = { joinedAt: this.#events.now(), rttMs: one.accessMs + other.accessMs }
    const [to, from] = [new Flow(other.line, one.line), new Flow(one.line, other.line)]
    // Both must know of each other before either asks.
    other.peerings.set(one.id, new Peering(one, { ...terms, flow: from }))
    one.connect(new Peering(other, { ...terms, flow: to }))
    const back = other.peerings.get(one.id)
    if (back !== undefined) other.connect(back)
  }

  /** Opens a page. The first one comes from the origin: it brings Blackhole along. */
  #open(visitor: Visitor, isFirst: boolean): void {
    const { peer } = visitor
    const { pieces, pagePieces, hedgeMs, nextPage, dwellScaleMs, stayShape } = this.#scenario
    const first = this.#page() * pagePieces
    const wanted: number[] = []
    for (let piece = first; piece < Math.min(pieces, first + pagePieces); piece += 1)
      if (!peer.holdings.has(piece)) wanted.push(piece)
    const deadline = this.#events.now() + hedgeMs
    const late: number[] = []
    for (const piece of wanted) {
      if (isFirst || !peer.want(piece, deadline)) this.#fetchFromOrigin(peer, piece, isFirst)
      else late.push(piece)
    }
    this.#events.schedule(hedgeMs, () => {
      if (peer.isGone) return
      for (const piece of late) if (!peer.holdings.has(piece)) this.#fetchFromOrigin(peer, piece)
    })
    this.#events.schedule(weibull(stayShape, dwellScaleMs, this.#random), () => {
      if (this.#random() < nextPage) this.#open(visitor, false)
      else this.#leave(visitor)
    })
  }

  #fetchFromOrigin(peer: SimulatedPeer, piece: number, isFirst = false): void {
    peer.giveUp(piece)
    const flow = new Flow(this.#origin, peer.line)
    const done = (): void => {
      this.#measures.delivered(true)
      if (isFirst) this.#measures.landed()
      peer.store(piece)
      this.#announceFirst(peer)
    }
    this.#events.schedule(peer.accessMs + SERVER_MS, () => {
      if (!peer.isGone) this.#links.send(flow, { bytes: this.#scenario.pieceBytes, done })
    })
  }
}
