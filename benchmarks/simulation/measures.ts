import type { SimulatedPeer } from './simulated-peer.ts'

/** What was there at one moment. */
export interface Sample {
  /** Milliseconds since the first moment. */
  readonly at: number
  readonly online: number
  /** Visitors who hold the rarest piece, the relay not counted. */
  readonly rarest: number
  /** Pieces that visitors hold, on average. */
  readonly held: number
}

/** What came of a simulation. */
export interface Outcome {
  readonly visitors: number
  readonly events: number
  /** How long it took those who got everything, milliseconds in rising order. */
  readonly completions: readonly number[]
  /** `landing` is the part of `origin` that brought Blackhole along: nobody could have sent it. */
  readonly bytes: { readonly origin: number; readonly landing: number; readonly peers: number }
  readonly announces: number
  /** Peers named in the answers. */
  readonly named: number
  readonly dials: number
  readonly samples: readonly Sample[]
  /** Until the last one came, milliseconds: afterwards there are ever fewer. */
  readonly arrivingMs: number
}

/** Keeps count of what happens. */
export class Measures {
  readonly #pieces: number
  readonly #pieceBytes: number
  readonly #completions: number[] = []
  readonly #samples: Sample[] = []
  #counts = { visitors: 0, origin: 0, landing: 0, peers: 0, announces: 0, named: 0, dials: 0 }

  constructor(pieces: number, pieceBytes: number) {
    this.#pieces = pieces
    this.#pieceBytes = pieceBytes
  }

  arrived(): void {
    this.#counts.visitors += 1
  }

  /** A visitor has got everything. @param ms - since it came */
  completed(ms: number): void {
    this.#completions.push(ms)
  }

  delivered(byOrigin: boolean): void {
    if (byOrigin) this.#counts.origin += 1
    else this.#counts.peers += 1
  }

  /** The first page of a visit came from the origin, as it must. */
  landed(): void {
    this.#counts.landing += 1
  }

  announced(named: number): void {
    this.#counts.announces += 1
    this.#counts.named += named
  }

  dialled(): void {
    this.#counts.dials += 1
  }

  sample(now: number, peers: readonly SimulatedPeer[]): void {
    const copies = new Uint32Array(this.#pieces)
    for (const { holdings } of peers) for (const piece of holdings) copies[piece] = (copies[piece] ?? 0) + 1
    const total = copies.reduce((sum, count) => sum + count, 0)
    this.#samples.push({
      at: now,
      online: peers.length,
      rarest: copies.reduce((least, count) => Math.min(least, count), Infinity),
      held: total / Math.max(1, peers.length),
    })
  }

  outcome(events: number, arrivingMs: number): Outcome {
    const { origin, landing, peers, visitors, announces, named, dials } = this.#counts
    return {
      visitors,
      events,
      completions: this.#completions.toSorted((a, b) => a - b),
      bytes: {
        origin: origin * this.#pieceBytes,
        landing: landing * this.#pieceBytes,
        peers: peers * this.#pieceBytes,
      },
      announces,
      named,
      dials,
      samples: this.#samples,
      arrivingMs,
    }
  }
}
