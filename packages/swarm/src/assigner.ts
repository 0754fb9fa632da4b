import { Uint8ArrayList } from 'uint8arraylist'
import { Availability } from './availability.ts'
import { expectedMs, mayAsk } from './candidates.ts'
import { NearFirst } from './near-first.ts'
import { pick } from './piece-picker.ts'
import type { Downlink } from './downlink.ts'
import type { FetchQueue } from './fetch-queue.ts'
import type { PieceFetch } from './piece-fetch.ts'
import type { PickPeer, PickState } from './piece-picker.ts'
import type { RangeRequests } from './range-requests.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { Versions } from './versions.ts'

/** What an {@link Assigner} works with. */
export interface AssignerComponents {
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly versions: Versions
  readonly queue: FetchQueue
  readonly requests: RangeRequests
  readonly downlink: Downlink
  readonly now: () => number
  readonly random: () => number
  /** Whether so many pieces wait to be stored that no new one should begin. */
  readonly isBusy: () => boolean
  /** A fetch of a block that nothing was fetched of yet. */
  readonly begin: (cid: string) => PieceFetch
}

/** What may be set of an {@link Assigner}. */
export interface AssignerInit {
  /** Requests open at one peer at once. */
  readonly maxRequestsPerPeer: number
  /** Background pieces under way at once: bounds memory. */
  readonly maxBackgroundPieces: number
}

const NOTHING = new Availability()

/** Gives out requests: who is asked for what now. */
export class Assigner {
  readonly #components: AssignerComponents
  readonly #init: AssignerInit

  constructor(components: AssignerComponents, init: AssignerInit) {
    this.#components = components
    this.#init = init
  }

  /** Asks for all that may be asked for now: one request per peer and round, so that work is shared. */
  run(): void {
    const { peers, queue, requests, downlink, now, random } = this.#components
    const due = [...peers.values()].filter((peer) => this.#isDue(peer))
    if (due.length === 0) return
    const turns = new NearFirst(peers.values(), downlink, queue.urgent, now())
    const frames = new Map<RemotePeer, Uint8ArrayList>()
    let round = due.toSorted((a, b) => turns.compare(a, b))
    while (round.length > 0) {
      round = round.filter((peer) => {
        if (!this.#hasRoom(peer)) return false
        const hasRoom = turns.hasRoom(peer)
        // A line may be full of what can wait: who is idle may be asked for what can't.
        if (!hasRoom && peer.requests.size > 0) return false
        const state = hasRoom ? this.#state() : this.#starving(turns)
        const choice = pick(this.#view(peer, turns), state, now(), random)
        const fetch = choice?.kind === 'begin' ? this.#beginBackground(choice.piece) : choice?.fetch
        const range = choice?.kind === 'range' ? choice.range : fetch?.assembly.nextMissing()
        if (fetch === undefined || range === undefined) {
          if (hasRoom) turns.idle(peer)
          return false
        }
        const list = frames.get(peer) ?? new Uint8ArrayList()
        frames.set(peer, list)
        turns.asked(peer, requests.ask(peer, fetch, range, list))
        return true
      })
    }
    for (const [peer, list] of frames) peer.session.sendFrames(list)
  }

  #isDue(peer: RemotePeer): boolean {
    return peer.isDueForMore(this.#init.maxRequestsPerPeer) && this.#hasRoom(peer)
  }

  #hasRoom(peer: RemotePeer): boolean {
    if (!peer.session.isOpen || peer.requests.size >= this.#init.maxRequestsPerPeer) return false
    return peer.snubbed ? peer.requests.size === 0 : peer.pendingBytes < peer.window.bytes
  }

  #view(peer: RemotePeer, turns: NearFirst): PickPeer {
    const { peers, versions, queue, now } = this.#components
    return {
      id: peer.id,
      canServe: (fetch) => mayAsk(peer, fetch, peers.values(), now()) && !turns.leavesToNearer(peer, fetch),
      holds: (piece) =>
        !peer.chokes &&
        peer.holdings.has(piece) &&
        (!peer.lastResort || (queue.mayUseLastResort(piece) && versions.visitors.count(piece) === 0)) &&
        !turns.leavesPieceToNearer(peer, piece),
    }
  }

  #state(): PickState {
    const { peers, versions, queue, isBusy } = this.#components
    return {
      urgent: queue.urgent,
      begun: queue.begun,
      waiting: versions.availability,
      mayBegin: queue.begun.size < this.#init.maxBackgroundPieces && !isBusy(),
      expectedMs: (id, bytes) => {
        const peer = peers.get(id)
        return peer === undefined ? Infinity : expectedMs(peer, bytes)
      },
    }
  }

  /** What somebody waits for in vain, and nothing else. */
  #starving(turns: NearFirst): PickState {
    const state = this.#state()
    const urgent = state.urgent.filter((fetch) => turns.isStarving(fetch))
    return { ...state, urgent, begun: [], waiting: NOTHING, mayBegin: false }
  }

  #beginBackground(piece: number): PieceFetch | undefined {
    const { versions, queue, begin } = this.#components
    const cid = versions.table.cid(piece)
    if (cid === undefined) return undefined
    const fetch = begin(cid)
    fetch.lastResort = queue.mayUseLastResort(piece)
    queue.place(fetch)
    return fetch
  }
}
