import { REQUEST_BYTES } from '@blackhole/protocol'

/** js-libp2p's WebRTC keeps at most 2 MiB in its send buffer: asking for more per round trip gains nothing. */
export const MAX_WINDOW_BYTES = 2 * 1024 * 1024
/** One request; the next is sent while it arrives. Seven peers on a line of 5 Mbit/s then owe as much as it carries in 1.4 s. */
export const MIN_WINDOW_BYTES = REQUEST_BYTES
/**
 * Before anything was measured. It grows by what arrives, so that it doubles with each round trip (slow start, RFC 5681,
 * section 3.1): someone new may be far away, and a newcomer has many whom it does not know.
 */
export const INITIAL_WINDOW_BYTES = 2 * REQUEST_BYTES

/** Headroom over the measured product, so that a rate that the window itself limits can be seen to rise (BBR's cwnd_gain is 2). */
const GAIN = 1.5
/**
 * Next to the rate of late. Where our line is full the largest rate of the last seconds is of a moment at which others
 * gave less: asked for so much, a peer takes seconds for what is needed next.
 */
const RISE = 2
/** Little of late may also be for want of requests, so that it says nothing of a window as small as this. */
const RISE_FLOOR_BYTES = 3 * REQUEST_BYTES
/**
 * A peer reads its store and shares its thread: data for this time is kept on its way besides the round trip. More than the
 * queue before a usual line holds would be lost there; but of a peer with a busy thread nothing would come meanwhile.
 */
const SERVICE_MS = 100
const MAX_SERVICE_MS = 300
/** Before it was measured. */
const UNKNOWN_RTT_MS = 100
/** Time over which a rate is measured. */
const SAMPLE_MS = 100
/**
 * Less than this is a rate only where it took long: a playlist that arrives beside another small answer says how much was
 * asked for, not how much would have come (what BBR calls limited by the application).
 */
const SAMPLE_BYTES = 16 * 1024
/** So long that less than that is a slow peer, if it owes more. */
const SLOW_SAMPLE_MS = 1_000
/** The rate of late is averaged over this time. */
const LATEST_MS = 500
/** Largest rate and smallest round trip are believed for this long (BBR, draft-ietf-ccwg-bbr: 10 s for the round trip). */
const MEMORY_MS = 10_000

/**
 * How many bytes to keep requested from one peer: measured bandwidth × round trip
 * time, both filtered as BBR does (largest delivery rate, smallest round
 * trip of the last seconds), with a floor and a ceiling.
 */
export class RequestWindow {
  /** Round trip of the path as the transport measured it, in milliseconds; Infinity when that is not known. */
  pathMs = Infinity
  #rate = 0
  #rateAt = 0
  #latest = 0
  #rttMs = 0
  #rttAt = 0
  #sampleBytes = 0
  #sampleStart = 0

  /** Bytes per second; 0 before anything was measured. */
  get bytesPerSecond(): number {
    return this.#rate
  }

  /** The same, of late: over about half a second. */
  get latestBytesPerSecond(): number {
    return this.#latest
  }

  /** Milliseconds between a request and its first byte, the smallest seen lately; 0 before anything was measured. */
  get rttMs(): number {
    return this.#rttMs
  }

  /** The same, or what is taken to be one before it was measured. */
  get assumedRttMs(): number {
    return this.#rttMs || UNKNOWN_RTT_MS
  }

  /** Milliseconds for which data is kept on its way: what the path takes, and the peer until it answers. */
  get horizonMs(): number {
    const pathMs = this.#rttMs === 0 && this.pathMs < Infinity ? this.pathMs : Math.min(this.assumedRttMs, this.pathMs)
    const serviceMs = Math.max(0, this.assumedRttMs - pathMs)
    return GAIN * pathMs + Math.min(MAX_SERVICE_MS, SERVICE_MS + serviceMs)
  }

  /** Bytes that may be requested and not yet received. */
  get bytes(): number {
    if (this.#rate === 0) return Math.min(MAX_WINDOW_BYTES, INITIAL_WINDOW_BYTES + this.#sampleBytes)
    const seconds = this.horizonMs / 1000
    const bytes = Math.min(this.#rate * seconds, Math.max(RISE * this.#latest * seconds, RISE_FLOOR_BYTES))
    return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, bytes))
  }

  /**
   * The first byte of an answer came this long after its request.
   *
   * @param queued - it waited behind others that were asked for before: that may show a shorter round trip than was
   *   known, but not that it became longer, or the window would grow by the queue that it makes
   */
  answered(rttMs: number, queued: boolean, now: number): void {
    if (this.#rttMs === 0 || rttMs <= this.#rttMs || (!queued && now - this.#rttAt > MEMORY_MS)) {
      this.#rttMs = Math.max(0.1, rttMs)
      this.#rttAt = now
    }
  }

  /**
   * Data arrived.
   *
   * @param pending - whether more was requested: a pause with nothing requested says nothing of the peer
   */
  received(bytes: number, pending: boolean, now: number): void {
    if (this.#sampleStart === 0) {
      // The first bytes only start the clock: when they were sent is not known.
      this.#sampleStart = now
      this.#sampleBytes = 0
      return
    }
    this.#sampleBytes += bytes
    const elapsed = now - this.#sampleStart
    // A short burst says little of a rate; it only has to do when there is nothing better.
    const isLong = elapsed >= SAMPLE_MS || (!pending && this.#rate === 0 && elapsed >= SAMPLE_MS / 10)
    if ((pending && elapsed >= SLOW_SAMPLE_MS) || (isLong && this.#sampleBytes >= SAMPLE_BYTES)) {
      this.#sample((this.#sampleBytes / elapsed) * 1000, elapsed, now)
      this.#sampleStart = now
      this.#sampleBytes = 0
    }
    if (!pending) this.#sampleStart = 0
  }

  /** Milliseconds without a byte after which the peer counts as stalled; follows its round trip and rate. */
  stallMs(pendingBytes: number): number {
    const expected = this.#rate === 0 ? 0 : (Math.min(pendingBytes, MAX_WINDOW_BYTES) / this.#rate) * 1000
    return Math.min(10_000, Math.max(1_500, 8 * this.#rttMs + expected))
  }

  #sample(rate: number, elapsed: number, now: number): void {
    const weight = this.#latest === 0 ? 1 : 1 - Math.exp(-elapsed / LATEST_MS)
    this.#latest += (rate - this.#latest) * weight
    if (rate >= this.#rate || now - this.#rateAt > MEMORY_MS) {
      this.#rate = rate
      this.#rateAt = now
    }
  }
}
