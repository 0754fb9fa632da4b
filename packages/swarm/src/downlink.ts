/** Time over which the rate of all peers together is measured: in less, what came in one burst looks like a faster line. */
const SAMPLE_MS = 500
/** The same while it grows, so that it can double often. */
const START_SAMPLE_MS = 150
/** The largest rate of this time and of that before is believed: 5 to 10 s, as that of one peer is. */
const MEMORY_MS = 5_000
/** A pause of so long, of ours or of the thread's, says nothing of the line. */
const PAUSE_MS = 1_500
/** A line that brought so much more than before may bring more still; after so many samples without that it has shown what it carries. */
const GROWTH = 1.25
const SAMPLES_WITHOUT_GROWTH = 3
/** What is asked for next to what came while the line still grows: twice as much each time, as in TCP's slow start. */
const START_GAIN = 2
/** And after that, so that a line that became faster is seen (BBR's probing gain). */
const PROBING_GAIN = 1.1
/** With less than this part of the largest rate the line has room, whoever was meant to fill it. */
const FULL_SHARE = 0.8

/**
 * What our own line brings of all peers together, measured as one peer's rate is: the largest of the last seconds, once it
 * has stopped growing (BBR, draft-ietf-ccwg-bbr, "Startup"). Where more is asked for than that, the queue before the
 * line runs over: of what many senders lose at once, SCTP repeats one packet per timeout, and some stand still for seconds.
 */
export class Downlink {
  #largest = 0
  #largestBefore = 0
  #since = 0
  #latest = 0
  #withoutGrowth = 0
  #sampleBytes = 0
  #sampleSince = -Infinity
  #lastAt = -Infinity

  /** Data of a piece arrived, from anyone. @param now - milliseconds */
  received(bytes: number, now: number): void {
    // The first bytes only start the clock: when they were sent is not known. Nor is anything where the clock was set back.
    const isAfterPause = now - this.#lastAt > PAUSE_MS || now < this.#lastAt
    this.#lastAt = now
    if (isAfterPause) {
      this.#sampleSince = now
      this.#sampleBytes = 0
      return
    }
    this.#sampleBytes += bytes
    const elapsed = now - this.#sampleSince
    if (elapsed < (this.#isGrowing ? START_SAMPLE_MS : SAMPLE_MS)) return
    this.#sample((this.#sampleBytes / elapsed) * 1000, now)
    this.#sampleSince = now
    this.#sampleBytes = 0
  }

  /** Bytes per second, the largest of the last seconds; 0 before anything was measured. */
  get bytesPerSecond(): number {
    return Math.max(this.#largest, this.#largestBefore)
  }

  /** Bytes per second that may be asked for, of all peers together; 0 before anything was measured. */
  get mayAsk(): number {
    return this.#isGrowing ? START_GAIN * this.#latest : PROBING_GAIN * this.bytesPerSecond
  }

  /** Bytes per second that the line carries, when it is full; Infinity while it is not. */
  get fullRate(): number {
    const isFull = !this.#isGrowing && this.#latest >= FULL_SHARE * this.bytesPerSecond
    return isFull ? this.bytesPerSecond : Infinity
  }

  get #isGrowing(): boolean {
    return this.#withoutGrowth < SAMPLES_WITHOUT_GROWTH
  }

  #sample(rate: number, now: number): void {
    this.#latest = rate
    if (rate >= GROWTH * this.bytesPerSecond) this.#withoutGrowth = 0
    else this.#withoutGrowth += 1
    const age = now - this.#since
    if (age > MEMORY_MS || age < 0) {
      this.#largestBefore = age > 2 * MEMORY_MS ? 0 : this.#largest
      this.#largest = 0
      this.#since = now
    }
    this.#largest = Math.max(this.#largest, rate)
  }
}
