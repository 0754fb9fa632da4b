import { PIECE_BYTES } from '@blackhole/protocol'
import type { HolderPace } from '@blackhole/protocol'

/** Weights of a new measurement, as for TCP's round-trip time (RFC 6298, section 2.3). */
const ALPHA = 1 / 8
const BETA = 1 / 4
/** Deviations that "late" lies behind what is expected (RFC 6298's K). */
const K = 4

/** Up to this size nearly all of the time is the wait for the first byte. */
const SMALL_BYTES = 64 * 1024
/** Rate that is assumed before one was measured: 1 MB/s. */
const ASSUMED_MS_PER_BYTE = 1 / 1000
/** No piece is taken to be slower than this: one stalled answer must not decide for the next hour. */
const MAX_MS = 60_000
/** Bounds of what a single answer may say of how wrong the expectation was. */
const MIN_RATIO = 1 / 8
const MAX_RATIO = 8

/** When something is expected. */
export interface Expectation {
  /** Usual time in milliseconds. */
  readonly ms: number
  /** After this it is unusually late: four deviations (RFC 6298's retransmission timeout). */
  readonly lateMs: number
  /** It is hardly ever sooner than this: two deviations. */
  readonly earlyMs: number
}

/** What is kept of a path between two runs of the worker. Numbers are finite and not negative. */
export interface PathTimesState {
  readonly waitMs: number
  readonly msPerByte: number
  readonly ratio: number
  readonly deviation: number
}

/**
 * How long one way to bytes takes: a wait, then the bytes at a rate, and how far what is expected is off.
 * All are smoothed as RFC 6298 smooths a round trip: mean with 1/8, deviation with 1/4.
 */
export class PathTimes {
  #waitMs: number | undefined
  #msPerByte: number | undefined
  #ratio = 1
  #deviation = 0.5

  constructor(state?: PathTimesState) {
    if (state === undefined) return
    this.#waitMs = state.waitMs
    this.#msPerByte = state.msPerByte > 0 ? state.msPerByte : undefined
    this.#ratio = state.ratio
    this.#deviation = state.deviation
  }

  /**
   * When so many bytes are expected.
   *
   * @param pace - what is known of those who would send them; stands for the measured rate
   * @returns undefined before anything is known
   */
  expect(bytes: number, pace?: HolderPace): Expectation | undefined {
    const base = this.#base(bytes, pace)
    if (base === undefined) return undefined
    // Many pieces may well take longer than one.
    const maxMs = MAX_MS * Math.max(1, bytes / PIECE_BYTES)
    return {
      ms: Math.min(maxMs, base * this.#ratio),
      lateMs: Math.min(2 * maxMs, base * (this.#ratio + K * this.#deviation)),
      earlyMs: base * Math.max(this.#ratio / 4, this.#ratio - 2 * this.#deviation),
    }
  }

  /**
   * So many bytes took so long.
   *
   * @param firstByteMs - when the first of them came, where that is known
   */
  took(
    ms: number,
    bytes: number,
    { firstByteMs, pace }: { firstByteMs?: number; pace?: HolderPace | undefined } = {},
  ): void {
    const took = Math.min(MAX_MS, Math.max(0, ms))
    this.#compare(took, bytes, pace)
    const rate = this.#msPerByte ?? ASSUMED_MS_PER_BYTE
    if (firstByteMs !== undefined) this.#waitMs = smooth(this.#waitMs, Math.min(took, firstByteMs))
    else if (bytes <= SMALL_BYTES) this.#waitMs = smooth(this.#waitMs, Math.max(0, took - bytes * rate))
    if (bytes > SMALL_BYTES || (firstByteMs !== undefined && bytes > SMALL_BYTES / 8)) {
      const waited = firstByteMs ?? Math.min(this.#waitMs ?? pace?.rttMs ?? 0, took / 2)
      this.#msPerByte = smooth(this.#msPerByte, Math.max(0, took - waited) / bytes)
    }
  }

  /** So many bytes had not come after so long, when they were no longer waited for. */
  tookMoreThan(ms: number, bytes: number, pace?: HolderPace): void {
    const expected = this.expect(bytes, pace)
    if (expected === undefined) this.#waitMs = Math.min(MAX_MS, ms)
    else if (ms > expected.ms) this.#compare(Math.min(MAX_MS, ms), bytes, pace)
  }

  /** For the next run of the worker; undefined before anything is known. */
  get state(): PathTimesState | undefined {
    if (this.#waitMs === undefined) return undefined
    return {
      waitMs: this.#waitMs,
      msPerByte: this.#msPerByte ?? 0,
      ratio: this.#ratio,
      deviation: this.#deviation,
    }
  }

  #base(bytes: number, pace: HolderPace | undefined): number | undefined {
    if (pace !== undefined && pace.bytesPerSecond > 0) {
      const waitMs = Math.max(this.#waitMs ?? 0, pace.rttMs)
      return Math.max(1, waitMs + ((bytes + pace.queuedBytes) / pace.bytesPerSecond) * 1000)
    }
    if (this.#waitMs === undefined) return undefined
    return Math.max(1, this.#waitMs + bytes * (this.#msPerByte ?? ASSUMED_MS_PER_BYTE))
  }

  #compare(ms: number, bytes: number, pace: HolderPace | undefined): void {
    const base = this.#base(bytes, pace)
    if (base === undefined) return
    const ratio = Math.min(MAX_RATIO, Math.max(MIN_RATIO, ms / base))
    this.#deviation += BETA * (Math.abs(ratio - this.#ratio) - this.#deviation)
    this.#ratio = smooth(this.#ratio, ratio)
  }
}

function smooth(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + ALPHA * (value - mean)
}

/** Reads a stored state; undefined when it isn't one. */
export function readPathTimes(value: unknown): PathTimesState | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { waitMs, msPerByte, ratio, deviation } = value as Record<string, unknown>
  if (!isWithin(waitMs, MAX_MS) || !isWithin(msPerByte, MAX_MS)) return undefined
  if (!isWithin(ratio, MAX_RATIO) || ratio < MIN_RATIO || !isWithin(deviation, MAX_RATIO)) return undefined
  return { waitMs, msPerByte, ratio, deviation }
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max
}
