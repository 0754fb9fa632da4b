/**
 * How many peers hold each piece, kept incrementally: a `have` costs O(1), and
 * the rarest wanted piece is found without a scan, because wanted pieces lie in
 * one bucket per count.
 *
 * Pieces are numbers (see `PieceTable`).
 */
export class Availability {
  readonly #counts: number[] = []
  /** Wanted pieces by count. */
  readonly #buckets: number[][] = []
  /** Place of a wanted piece inside its bucket. */
  readonly #places = new Map<number, number>()

  /** Peers known to hold the piece. */
  count(piece: number): number {
    return this.#counts[piece] ?? 0
  }

  /** Pieces that are wanted. */
  get wanted(): number {
    return this.#places.size
  }

  isWanted(piece: number): boolean {
    return this.#places.has(piece)
  }

  /** One more peer holds it. */
  increment(piece: number): void {
    this.#change(piece, this.count(piece) + 1)
  }

  /** One peer fewer holds it. */
  decrement(piece: number): void {
    this.#change(piece, Math.max(0, this.count(piece) - 1))
  }

  /** Puts a piece among the wanted ones. */
  want(piece: number): void {
    if (!this.#places.has(piece)) this.#enter(piece)
  }

  unwant(piece: number): void {
    if (this.#places.has(piece)) this.#leave(piece)
  }

  /**
   * Wanted pieces that somebody holds, rarest first, ties in random order.
   * The set must not be changed while this runs.
   *
   * @param random - from 0 up to, not including, 1
   * @param mostPerCount - pieces of one count that are given at most, a random run of them
   */
  *rarestFirst(random: () => number, mostPerCount = Infinity): Generator<number> {
    for (let count = 1; count < this.#buckets.length; count += 1) {
      const bucket = this.#buckets[count]
      if (bucket === undefined || bucket.length === 0) continue
      const start = Math.floor(random() * bucket.length)
      for (let step = 0; step < Math.min(bucket.length, mostPerCount); step += 1) {
        const piece = bucket[(start + step) % bucket.length]
        if (piece !== undefined) yield piece
      }
    }
  }

  #change(piece: number, count: number): void {
    const wanted = this.#places.has(piece)
    if (wanted) this.#leave(piece)
    this.#counts[piece] = count
    if (wanted) this.#enter(piece)
  }

  #enter(piece: number): void {
    const bucket = (this.#buckets[this.count(piece)] ??= [])
    this.#places.set(piece, bucket.push(piece) - 1)
  }

  #leave(piece: number): void {
    const bucket = this.#buckets[this.count(piece)] ?? []
    const place = this.#places.get(piece) ?? 0
    const last = bucket.pop()
    this.#places.delete(piece)
    if (last === undefined || last === piece) return
    bucket[place] = last
    this.#places.set(last, place)
  }
}
