/** Counters are four bits. */
const MAX_COUNT = 15
const ROWS = 4
const SEEDS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const

/**
 * How often keys were asked for lately: a count-min sketch of four rows with conservative growth to 15, halved
 * after every sample of ten times its width (Einziger, Friedman, Manes, "TinyLFU", ACM TOS 13(4), 2017).
 */
export class FrequencySketch {
  readonly #width: number
  readonly #counts: Uint8Array
  #left: number

  /** @param keys - about how many different keys the cache holds */
  constructor(keys: number) {
    this.#width = 2 ** Math.ceil(Math.log2(Math.max(16, keys)))
    this.#counts = new Uint8Array(this.#width * ROWS)
    this.#left = 10 * this.#width
  }

  /** Estimated uses, from 0 to 15; never too few since the last halving. */
  estimate(key: number): number {
    let least = MAX_COUNT
    for (let row = 0; row < ROWS; row += 1) least = Math.min(least, this.#counts[this.#at(row, key)] ?? 0)
    return least
  }

  /** One more use. */
  increment(key: number): void {
    const least = this.estimate(key)
    if (least < MAX_COUNT) {
      for (let row = 0; row < ROWS; row += 1) {
        const at = this.#at(row, key)
        if (this.#counts[at] === least) this.#counts[at] = least + 1
      }
    }
    this.#left -= 1
    if (this.#left > 0) return
    this.#left = 5 * this.#width
    for (let at = 0; at < this.#counts.length; at += 1) this.#counts[at] = (this.#counts[at] ?? 0) >>> 1
  }

  #at(row: number, key: number): number {
    let hash = Math.imul(key + 1, SEEDS[row] ?? 1)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return row * this.#width + (((hash ^ (hash >>> 13)) >>> 0) & (this.#width - 1))
  }
}
