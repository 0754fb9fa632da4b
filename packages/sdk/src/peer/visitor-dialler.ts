import { multiaddr } from '@multiformats/multiaddr'
import type { Swarm } from '@blackhole/swarm'
import { dialPeer, type Dialler } from '../node/dial-peer.ts'
import { sleep } from '../sleep.ts'
import { ConnectionBudget } from './connection-budget.ts'
import { DialPlan } from './dial-plan.ts'
import type { Excluded } from './dial-plan.ts'
import type { FellowRelays } from './fellow-relays.ts'
import type { RelayLink } from './relay-link.ts'
import type { SwarmLinks } from './swarm-links.ts'
import type { SwarmCandidate, TrackerAnswer } from './tracker-client.ts'
import { worstPeer } from './worst-peer.ts'

/** What the dialler needs. */
export interface VisitorDiallerComponents {
  readonly swarm: Pick<Swarm, 'peers' | 'isBanned'>
  readonly now: () => number
  readonly random: () => number
  readonly onError: (what: string, error: unknown) => void
  /** How long the connection took; not called for one that failed. */
  readonly onDialled: (dial: FinishedDial) => void
  /** A dial has ended, well or not. */
  readonly onSettled: () => void
  /** Connections that may still be made. Default: those of one page. */
  readonly budget?: ConnectionBudget | undefined
}

/** A dial that led to a connection, retry included. */
export interface FinishedDial {
  readonly peer: string
  readonly ms: number
}

/** What exists once a relay has answered. */
export interface DialMeans {
  readonly node: Dialler
  readonly links: SwarmLinks
  readonly relays: () => readonly RelayLink[]
  /** Relays by way of which visitors of other relays are reached. */
  readonly fellows: Pick<FellowRelays, 'addressesOf'>
}

/** Time between two replacements: each costs a connection. */
const REPLACE_EVERY_MS = 2 * 60_000

/** A holder tells what it holds right after the greeting; waiting longer would delay the page. */
const BITFIELD_TIMEOUT_MS = 1_500
const BITFIELD_POLL_MS = 25

/** Keeps connections to as many visitors as are wished for, dialling those that trackers name. */
export class VisitorDialler {
  readonly #components: VisitorDiallerComponents
  readonly #maxPeers: number
  readonly #plan: DialPlan
  readonly #budget: ConnectionBudget
  /** How many each tracker knew when it answered last. */
  readonly #swarmPeers = new Map<string, number>()
  #replacedAt = -Infinity
  readonly #settling = new Set<string>()
  #means: DialMeans | undefined

  /** @param init - `maxPeers`: connections to visitors that are wished for; 0 dials nobody */
  constructor(components: VisitorDiallerComponents, init: { maxPeers: number }) {
    this.#components = components
    this.#maxPeers = init.maxPeers
    this.#budget = components.budget ?? new ConnectionBudget()
    this.#plan = new DialPlan({ random: components.random, budget: this.#budget })
  }

  /** Gives the means to dial, as soon as there are any. */
  use(means: DialMeans): void {
    this.#means = means
  }

  /** Visitors that may still be connected. */
  get wanted(): number {
    return Math.max(0, this.#budget.wished(this.#maxPeers) - (this.#means?.links.visitors.length ?? 0))
  }

  /** There is nobody left to try who is said to hold anything. */
  get isExhausted(): boolean {
    return (
      this.wanted === 0 ||
      (this.#settling.size === 0 && this.#plan.holdersLeft(this.#components.now(), this.#excluded()) === 0)
    )
  }

  /** Takes what the tracker of a relay told. */
  offer({ peers, swarmPeers }: TrackerAnswer, relay: string): void {
    const isComplete = peers.length >= swarmPeers
    this.#swarmPeers.set(relay, swarmPeers)
    this.#plan.offer({ candidates: peers, relay, isComplete, now: this.#components.now() })
  }

  /** Another visitor has connected to this one. */
  accepted(): void {
    this.#budget.spend()
  }

  /** Dials whoever is due. */
  dialMore(signal: AbortSignal): void {
    const means = this.#means
    if (means === undefined || signal.aborted) return
    const { now } = this.#components
    for (const candidate of this.#plan.next(now(), this.#excluded(), this.wanted)) {
      void this.#dial(candidate, means, signal)
    }
  }

  /**
   * Gives up the worst peer for another one, when there are as many as are wished for, somebody else is there, and not
   * half of the tab's connections are spent; one at a time, with a pause.
   */
  replaceWorst(): void {
    const { now, swarm } = this.#components
    const { links } = this.#means ?? {}
    if (links === undefined || this.#maxPeers === 0 || this.wanted > 0 || !this.#budget.isPlenty) return
    const linked = this.#linked()
    if (now() - this.#replacedAt < REPLACE_EVERY_MS || Math.max(0, ...this.#swarmPeers.values()) <= linked.size) return
    const worst = worstPeer(
      swarm.peers.filter(({ id }) => linked.has(id)),
      now(),
    )
    if (worst === undefined) return
    this.#replacedAt = now()
    this.#plan.givenUp(worst, now())
    links.drop(worst)
  }

  /** Who need not be dialled: the connected, and the banned, who would take the places of others. */
  #excluded(): Excluded {
    const { swarm } = this.#components
    const linked = this.#linked()
    return { has: (peer) => linked.has(peer) || swarm.isBanned(peer) }
  }

  #linked(): Set<string> {
    return new Set(this.#means?.links.visitors ?? [])
  }

  async #dial(candidate: SwarmCandidate, means: DialMeans, signal: AbortSignal): Promise<void> {
    const { node, links, relays, fellows } = means
    const { peer, have } = candidate
    const terms = this.#plan.terms(peer)
    this.#plan.started(peer)
    if (have > 0) this.#settling.add(peer)
    try {
      const near = relays()
        .filter((relay) => candidate.relays.length === 0 || candidate.relays.includes(relay.peer))
        .flatMap((relay) => relay.addressOf(peer) ?? [])
      const addresses = near.length > 0 ? near : await fellows.addressesOf(peer, candidate.relays)
      const began = this.#components.now()
      const connection = await dialPeer(
        node,
        addresses.map((address) => multiaddr(address)),
        { signal, ...terms },
      )
      this.#components.onDialled({ peer, ms: this.#components.now() - began })
      await links.open(connection, { signal })
      this.#plan.succeeded(peer)
      if (have > 0) await this.#bitfieldOf(peer, signal)
    } catch (error) {
      if (signal.aborted) return
      // A second attempt was a connection too.
      for (let attempt = 1; attempt < terms.attempts; attempt++) this.#budget.spend()
      this.#plan.failed(peer, this.#components.now())
      this.#components.onError(`the dial of ${peer}`, error)
    } finally {
      this.#settling.delete(peer)
    }
    this.#components.onSettled()
  }

  /** Waits until a peer has told what it holds. */
  async #bitfieldOf(peer: string, signal: AbortSignal): Promise<void> {
    for (let waited = 0; waited < BITFIELD_TIMEOUT_MS; waited += BITFIELD_POLL_MS) {
      const found = this.#components.swarm.peers.find(({ id }) => id === peer)
      if (found === undefined || found.pieces > 0) return
      await sleep(BITFIELD_POLL_MS, { signal })
    }
  }
}
