/** A segment as far as its time matters. */
export interface TimedSegment {
  readonly sequence: number
  readonly durationS: number
}

/** How far a player has come in one playlist. */
export interface PlayRun {
  /** Path of the playlist in the site. */
  readonly playlist: string
  readonly client: string
  /** Names the run among all of this worker. */
  readonly id: number
  /** The segment that was asked for last. */
  readonly segment: TimedSegment
  /** When that was. */
  readonly askedAt: number
  /** It is not played before this time. */
  readonly neededAt: number
}

/** Runs that are remembered; the one asked last longest ago makes room. */
const MAX_RUNS = 64

/** Players keep no more than this, however long they could wait by our count. */
const MAX_BUFFER_MS = 60_000

/**
 * Knows by when players need what they ask for. Nobody plays faster than time passes: a player that asked for one
 * segment some time ago, and for all that follow it since, can't come to the last one before the film between them is
 * over. One that asks for anything else (a seek) needs it now. All times are lower bounds; where a player was paused
 * there is more time than is said here.
 */
export class PlayRuns {
  readonly #runs = new Map<string, PlayRun>()
  #nextId = 1

  /** A player asks for a segment. @param now - milliseconds */
  asked(client: string, playlist: string, segment: TimedSegment, now: number): PlayRun {
    const key = `${client} ${playlist}`
    const own = this.#runs.get(key)
    // Another quality goes on where the one before it was: publishers number the segments of all alike.
    const before = own ?? this.of(client).find((run) => Math.abs(segment.sequence - run.segment.sequence) <= 1)
    const neededAt = before === undefined ? now : continued(before, segment, now)
    const run: PlayRun = {
      client,
      playlist,
      segment,
      id: own?.id ?? this.#nextId++,
      askedAt: now,
      neededAt: Math.min(Math.max(now, neededAt), now + MAX_BUFFER_MS),
    }
    this.#runs.delete(key)
    this.#runs.set(key, run)
    const [oldest] = this.#runs.keys()
    if (this.#runs.size > MAX_RUNS && oldest !== undefined) this.#runs.delete(oldest)
    return run
  }

  /** Runs of a client, or of all; the one asked last comes first. */
  of(client?: string): PlayRun[] {
    return [...this.#runs.values()].filter((run) => client === undefined || run.client === client).reverse()
  }

  /** Forgets a run. */
  forget({ client, playlist }: PlayRun): void {
    this.#runs.delete(`${client} ${playlist}`)
  }
}

function continued({ segment: last, neededAt }: PlayRun, segment: TimedSegment, now: number): number {
  if (segment.sequence === last.sequence) return neededAt
  if (segment.sequence === last.sequence + 1) return neededAt + last.durationS * 1000
  if (segment.sequence === last.sequence - 1) return neededAt - segment.durationS * 1000
  return now
}
