/** How far a response has come, against what it would have come over HTTP alone. */
export class ResponseProgress {
  readonly #beganAt: number
  #bytes = 0

  /** @param now - milliseconds */
  constructor(now: number) {
    this.#beganAt = now
  }

  /** A piece of it is here. */
  got(bytes: number): void {
    this.#bytes += bytes
  }

  /**
   * Whether HTTP alone would have brought so many bytes more by now.
   *
   * @param httpMs - how long HTTP takes for so many bytes from the response's begin on
   */
  isBehind(bytes: number, httpMs: (bytes: number) => number, now: number): boolean {
    return now - this.#beganAt > httpMs(this.#bytes + bytes)
  }
}
