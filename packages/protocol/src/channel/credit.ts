/**
 * Flow control by credit: the receiver says how many bytes it will take, the
 * sender waits when they are used up. As in HTTP/2 (RFC 9113, section 5.2), but
 * a whole block may be sent while any credit is left, so that a small grant
 * can't block a large block for ever. The receiver therefore holds at most its
 * credit and one block.
 */
export class CreditWindow {
  #left: number
  readonly #waiting = new Set<() => void>()

  /** @param bytes - what may be sent before the first grant */
  constructor(bytes: number) {
    this.#left = bytes
  }

  /** Bytes that may still be sent; negative by part of a block at most. */
  get left(): number {
    return this.#left
  }

  /** More bytes may be sent. */
  grant(bytes: number): void {
    this.#left += bytes
    if (this.#left <= 0) return
    for (const wake of [...this.#waiting]) wake()
  }

  /**
   * Takes credit for `bytes`, waiting for some to be there. Nobody is
   * overtaken by much: all who wait are woken and try in their order.
   *
   * @throws the signal's reason when it aborts first
   */
  async take(bytes: number, { signal }: { signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted()
    while (this.#left <= 0) await this.#granted(signal)
    this.#left -= bytes
  }

  #granted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(settle)
        signal.removeEventListener('abort', settle)
        if (signal.aborted) reject(signal.reason as Error)
        else resolve()
      }
      this.#waiting.add(settle)
      signal.addEventListener('abort', settle)
    })
  }
}
