/** Round trip of the path to a peer in milliseconds, as its transport measures it; undefined when that is not known. */
export type MeasurePath = () => Promise<number | undefined>

/** It is asked for again after this time: ICE checks a path that is in use every 2.5 s. */
const INTERVAL_MS = 2_500
/** And after this, once it was measured so often: a path seldom becomes shorter, and each time costs the page some milliseconds. */
const LATER_INTERVAL_MS = 30_000
const FREQUENT_MEASUREMENTS = 4
const LEAST_MS = 0.5

/**
 * How far away a peer is: the smallest round trip of the path that was seen. Answers to requests take longer than
 * that, by what the peer's disk, its thread and our own full line add, so that they don't tell near from far.
 */
export class PathRtt {
  readonly #measure: MeasurePath
  #smallest: number | undefined
  #askedAt = -Infinity
  #measured = 0

  constructor(measure: MeasurePath) {
    this.#measure = measure
  }

  /** Milliseconds; undefined before anything was measured. */
  get ms(): number | undefined {
    return this.#smallest
  }

  /** Measures again, when the last time is long ago. @param now - milliseconds */
  look(now: number): void {
    const intervalMs = this.#measured < FREQUENT_MEASUREMENTS ? INTERVAL_MS : LATER_INTERVAL_MS
    if (Math.abs(now - this.#askedAt) < intervalMs) return
    this.#askedAt = now
    this.#measure().then(
      (ms) => {
        if (ms === undefined || !(ms >= 0)) return
        this.#measured += 1
        // Browsers count whole milliseconds: a neighbour is less than one away.
        this.#smallest = Math.min(Math.max(LEAST_MS, ms), this.#smallest ?? Infinity)
      },
      // It is not known then, and answers have to do.
      () => undefined,
    )
  }
}
