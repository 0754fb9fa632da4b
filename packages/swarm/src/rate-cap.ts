import { ValidationError } from '@blackhole/protocol'

/** Bytes that may go at once after a pause, at least: one batch of messages. */
export const MIN_BURST_BYTES = 256 * 1024

/**
 * A hard cap on a rate: a token bucket (RFC 2697 calls it a single-rate meter). Over any time
 * `t` no more than `burst + rate × t` bytes pass.
 */
export class RateCap {
  #bytesPerSecond: number
  #burst: number
  #tokens: number
  #filledAt: number

  /**
   * @param bytesPerSecond - above 0; `Infinity` for no cap
   * @param now - milliseconds
   * @throws {ValidationError}
   */
  constructor(bytesPerSecond: number, now: number) {
    checkRate(bytesPerSecond)
    this.#bytesPerSecond = bytesPerSecond
    this.#burst = burstOf(bytesPerSecond)
    this.#tokens = this.#burst
    this.#filledAt = now
  }

  /** Goes on at another rate. @throws {ValidationError} */
  setRate(bytesPerSecond: number, now: number): void {
    checkRate(bytesPerSecond)
    if (this.#bytesPerSecond !== Infinity) this.#fill(now)
    this.#filledAt = now
    this.#bytesPerSecond = bytesPerSecond
    this.#burst = burstOf(bytesPerSecond)
    this.#tokens = Math.min(this.#tokens, this.#burst)
  }

  /** Takes as many bytes as may go now, at most `bytes`. */
  take(bytes: number, now: number): number {
    if (this.#bytesPerSecond === Infinity) return bytes
    this.#fill(now)
    const taken = Math.max(0, Math.min(bytes, Math.floor(this.#tokens)))
    this.#tokens -= taken
    return taken
  }

  /** Gives back what was taken and not used. */
  giveBack(bytes: number): void {
    if (this.#bytesPerSecond !== Infinity) this.#tokens = Math.min(this.#burst, this.#tokens + bytes)
  }

  /** Milliseconds until `bytes` (or a full burst, when that is less) may go. */
  waitMs(bytes: number, now: number): number {
    if (this.#bytesPerSecond === Infinity) return 0
    this.#fill(now)
    const missing = Math.min(bytes, this.#burst) - this.#tokens
    return missing <= 0 ? 0 : Math.ceil((missing / this.#bytesPerSecond) * 1000)
  }

  #fill(now: number): void {
    const elapsed = Math.max(0, now - this.#filledAt)
    this.#filledAt = now
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed / 1000) * this.#bytesPerSecond)
  }
}

function burstOf(bytesPerSecond: number): number {
  return Math.max(MIN_BURST_BYTES, bytesPerSecond / 4)
}

function checkRate(bytesPerSecond: number): void {
  if (!(bytesPerSecond > 0)) throw new ValidationError('bytesPerSecond', 'a number above 0', bytesPerSecond)
}
