/** What a receiver measured. */
export interface Received {
  readonly bytes: number
  /** From the request to the last byte. */
  readonly ms: number
  /** From the request to the first byte. */
  readonly firstByteMs: number
}

/** Bytes that no layer can compress or share between runs. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  // Web Crypto gives at most 64 KiB at a time.
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)))
  return bytes
}

/** Measures from its creation: tell it of each arrival, read it at the end. */
export class Stopwatch {
  readonly #start = performance.now()
  #first = Number.NaN
  #last = Number.NaN
  #bytes = 0

  /** Bytes seen so far. */
  get bytes(): number {
    return this.#bytes
  }

  arrived(bytes: number): void {
    this.#last = performance.now()
    if (this.#bytes === 0) this.#first = this.#last
    this.#bytes += bytes
  }

  read(): Received {
    return { bytes: this.#bytes, ms: this.#last - this.#start, firstByteMs: this.#first - this.#start }
  }
}
