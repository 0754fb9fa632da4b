/** Memory of a process or of a part of it, in bytes. */
export interface Memory {
  /** JavaScript objects that are still referred to, after a collection of garbage. */
  readonly heap: number
  /** `RssAnon` of its processes. */
  readonly resident: number
}

/** Things that are counted, by name. */
export type Counters = Readonly<Record<string, number>>

/** One look at everything. */
export interface Sample {
  /** Since the first visitor came. */
  readonly minutes: number
  /** Bytes by the name of the series. */
  readonly memory: Counters
  readonly counters: Counters
}
