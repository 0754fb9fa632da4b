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
  /** Another playlist of the client goes on where this one was: another quality, most likely. */
  readonly left: boolean
}

/** A player asked for a segment. */
export interface Ask {
  /** Path of the playlist in the site. */
  readonly playlist: string
  readonly segment: TimedSegment
  /** When, in milliseconds. */
  readonly at: number
}

/** What a client asked for first, until its page has said what it had before: that takes a second or two. */
const MAX_FIRST_ASKS = 32

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
  /** By client; undefined once its page has said what it had before. */
  readonly #first = new Map<string, Ask[] | undefined>()
  /** Clients whose next request may come after one that was on its way past us, and that nobody spoke of. */
  readonly #gaps = new Set<string>()
  #nextId = 1

  /** A player asks for a segment. @param now - milliseconds */
  asked(client: string, playlist: string, segment: TimedSegment, now: number): PlayRun {
    const ask = { playlist, segment, at: now }
    const first = this.#firstOf(client)
    first?.push(ask)
    // Who has asked for so much has said it, or never will.
    this.#setFirst(client, first !== undefined && first.length > MAX_FIRST_ASKS ? undefined : first)
    return this.#ask(client, ask)
  }

  /**
   * A client asked for these, past us or before we knew what they were: its player has more in hand than we thought.
   * Once: what is said again is no news.
   */
  loaded(client: string, asks: readonly Ask[]): void {
    const first = this.#firstOf(client)
    this.#setFirst(client, undefined)
    if (first === undefined || asks.length === 0) return
    const ids = new Map<string, number>()
    for (const run of this.of(client)) {
      ids.set(run.playlist, run.id)
      this.forget(run)
    }
    const all = [...asks, ...first].toSorted((a, b) => a.at - b.at)
    this.#gaps.add(client)
    for (const ask of all) this.#ask(client, ask, ids.get(ask.playlist))
  }

  #firstOf(client: string): Ask[] | undefined {
    return this.#first.has(client) ? this.#first.get(client) : []
  }

  #setFirst(client: string, first: Ask[] | undefined): void {
    this.#first.delete(client)
    this.#first.set(client, first)
    const [oldest] = this.#first.keys()
    if (this.#first.size <= MAX_RUNS || oldest === undefined) return
    this.#first.delete(oldest)
    this.#gaps.delete(oldest)
  }

  #ask(client: string, { playlist, segment, at: now }: Ask, id?: number): PlayRun {
    const key = `${client} ${playlist}`
    const own = this.#runs.get(key)
    // Another quality goes on where the one before it was: publishers number the segments of all alike.
    const isNear = (run: PlayRun): boolean => Math.abs(segment.sequence - run.segment.sequence) <= 1
    const before = own !== undefined && isNear(own) ? own : (this.of(client).find(isNear) ?? own)
    const missed = this.#gaps.has(client) ? this.#beforeGap(client, segment) : undefined
    const neededAt = missed ?? (before === undefined ? now : continued(before, segment, now))
    const run: PlayRun = {
      client,
      playlist,
      segment,
      id: own?.id ?? id ?? this.#nextId++,
      askedAt: now,
      neededAt: Math.min(Math.max(now, neededAt), now + MAX_BUFFER_MS),
      left: false,
    }
    if (before !== undefined && before !== own && before.segment.sequence < segment.sequence)
      this.#runs.set(`${client} ${before.playlist}`, { ...before, left: true })
    this.#runs.delete(key)
    this.#runs.set(key, run)
    const [oldest] = this.#runs.keys()
    if (this.#runs.size > MAX_RUNS && oldest !== undefined) this.#runs.delete(oldest)
    return run
  }

  /**
   * When a segment is needed that follows one that nobody spoke of, between what a page had loaded when it said so and
   * what it asks for now.
   *
   * @returns undefined when it follows none
   */
  #beforeGap(client: string, { sequence }: TimedSegment): number | undefined {
    const runs = this.of(client)
    if (runs.some((run) => run.segment.sequence === sequence - 1)) return undefined
    const last = runs.find((run) => run.segment.sequence === sequence - 2)
    if (last === undefined) return undefined
    this.#gaps.delete(client)
    return last.neededAt + 2 * last.segment.durationS * 1000
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
