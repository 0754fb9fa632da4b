import { CHOKE_INTERVAL_MS, chokeRound, OPTIMISTIC_INTERVAL_MS } from './choker.ts'
import type { ChokeState } from './choker.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { Uploader } from './uploader.ts'

/** A choked peer that asked within this time is interested: it asks again every 10 s. */
const INTEREST_MS = 20_000

/** One that is served is for so long after what it asked for was sent: it asks for more at once, or has all that it wants. */
const SERVED_INTEREST_MS = 3_000

/** What {@link ChokeControl} needs from outside. */
export interface ChokeControlComponents {
  readonly peers: ReadonlyMap<string, RemotePeer>
  readonly uploader: Pick<Uploader, 'drop' | 'isPaused'>
  readonly now: () => number
  readonly random: () => number
}

/** Carries out what the choker decides. */
export class ChokeControl {
  readonly #components: ChokeControlComponents
  readonly #slots: number
  #state: ChokeState = { optimistic: undefined, optimisticSince: 0 }
  #lastRound = -Infinity

  constructor(components: ChokeControlComponents, slots: number) {
    this.#components = components
    this.#slots = slots
  }

  /**
   * Decides when a round is due. In between, a slot that nobody uses any more goes to whoever waits, and nobody is choked:
   * at the end of a crowd the last one would wait for a round of each of those that have everything.
   */
  tick(): void {
    if (this.#components.now() - this.#lastRound >= CHOKE_INTERVAL_MS) this.round()
    else this.#fill()
  }

  /** Decides now. */
  round(): void {
    const { peers, uploader, random } = this.#components
    const now = this.#components.now()
    this.#lastRound = now
    const candidates = [...peers.values()].map((peer) => ({
      peer: peer.id,
      interested: isInterested(peer, now),
      receivedRate: peer.received.rate(now),
      sentRate: peer.sent.rate(now),
      newcomer: now - peer.joinedAt < OPTIMISTIC_INTERVAL_MS,
    }))
    const decision = chokeRound(candidates, this.#slots, this.#state, now, random)
    this.#state = decision
    for (const peer of peers.values()) this.#choke(peer, uploader.isPaused || !decision.unchoked.has(peer.id))
  }

  #fill(): void {
    const { peers, uploader } = this.#components
    if (uploader.isPaused) return
    const now = this.#components.now()
    const interested = [...peers.values()].filter((peer) => isInterested(peer, now))
    const waiting = interested.filter(({ uploads }) => uploads.choked)
    const free = this.#slots - (interested.length - waiting.length)
    if (free <= 0) return
    waiting.sort((a, b) => b.received.rate(now) - a.received.rate(now))
    for (const peer of waiting.slice(0, free)) this.#choke(peer, false)
  }

  #choke(peer: RemotePeer, choked: boolean): void {
    if (peer.uploads.choked === choked) return
    peer.uploads.choked = choked
    if (choked) this.#components.uploader.drop(peer)
    peer.session.send({ choke: { choked } })
  }
}

function isInterested({ uploads }: RemotePeer, now: number): boolean {
  if (uploads.choked) return now - uploads.askedAt < INTEREST_MS
  return uploads.size > 0 || now - uploads.askedAt < SERVED_INTEREST_MS
}
