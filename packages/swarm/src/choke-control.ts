import { CHOKE_INTERVAL_MS, chokeRound, OPTIMISTIC_INTERVAL_MS } from './choker.ts'
import type { ChokeState } from './choker.ts'
import type { RemotePeer } from './remote-peer.ts'
import type { Uploader } from './uploader.ts'

/** A peer that asked within this time is interested: a choked one asks again every 10 s. */
const INTEREST_MS = 20_000

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

  /** Decides when a round is due. */
  tick(): void {
    if (this.#components.now() - this.#lastRound >= CHOKE_INTERVAL_MS) this.round()
  }

  /** Decides now. */
  round(): void {
    const { peers, uploader, random } = this.#components
    const now = this.#components.now()
    this.#lastRound = now
    const candidates = [...peers.values()].map((peer) => ({
      peer: peer.id,
      interested: now - peer.uploads.askedAt < INTEREST_MS,
      receivedRate: peer.received.rate(now),
      sentRate: peer.sent.rate(now),
      newcomer: now - peer.joinedAt < OPTIMISTIC_INTERVAL_MS,
    }))
    const decision = chokeRound(candidates, this.#slots, this.#state, now, random)
    this.#state = decision
    for (const peer of peers.values()) {
      const choked = uploader.isPaused || !decision.unchoked.has(peer.id)
      if (peer.uploads.choked === choked) continue
      peer.uploads.choked = choked
      if (choked) uploader.drop(peer)
      peer.session.send({ choke: { choked } })
    }
  }
}
