/** One request of a trace, as a cache sees it. */
export interface CacheRequest {
  /** Which block. */
  readonly key: number
  /** Bytes, above 0; the same at every request for a block. */
  readonly size: number
  /** Milliseconds, never falling. */
  readonly at: number
}

/** A cache that decides what to keep. Each policy counts bytes, not blocks. */
export interface CachePolicy {
  /**
   * Asks for a block, and offers it to the cache when it isn't there.
   *
   * @returns whether it was there
   */
  request(request: CacheRequest): boolean
  /** Bytes held: never more than the capacity. */
  readonly bytes: number
}

/** Makes a cache of so many bytes. */
export type MakePolicy = (capacity: number) => CachePolicy
