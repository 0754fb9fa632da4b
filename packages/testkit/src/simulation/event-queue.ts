/** Something that will happen, unless it is cancelled. */
export interface ScheduledEvent {
  /** Milliseconds since the simulation began. */
  readonly at: number
}

interface Entry extends ScheduledEvent {
  readonly order: number
  run: (() => void) | undefined
}

/**
 * The clock of a discrete-event simulation: time jumps from one event to the next. Events of the same moment happen in
 * the order in which they were scheduled, so that the same program always does the same.
 */
export class EventQueue {
  /** A binary heap: the parent of `at` is at `(at - 1) / 2`. */
  readonly #heap: Entry[] = []
  #order = 0
  #now = 0
  #happened = 0

  /** Milliseconds since the simulation began. Bound: pass it as `now`. */
  readonly now = (): number => this.#now

  /** Events that happened so far. */
  get happened(): number {
    return this.#happened
  }

  /** Lets something happen later. @param delayMs - from now; below 0 counts as 0 */
  schedule(delayMs: number, run: () => void): ScheduledEvent {
    const entry: Entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#heap.push(entry)
    this.#rise(this.#heap.length - 1)
    return entry
  }

  /** Lets it not happen. Nothing is done for what has happened already. */
  cancel(event: ScheduledEvent): void {
    ;(event as Entry).run = undefined
  }

  /** Lets happen what is due until then, and sets the clock to then. @param untilMs - default: until nothing is left */
  run(untilMs = Infinity): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= untilMs; next = this.#heap[0]) {
      this.#takeFirst()
      const { run } = next
      if (run === undefined) continue
      this.#now = next.at
      next.run = undefined
      this.#happened += 1
      run()
    }
    if (untilMs !== Infinity) this.#now = Math.max(this.#now, untilMs)
  }

  #takeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      let least = heap[child]
      const right = heap[child + 1]
      if (least === undefined) break
      if (right !== undefined && isBefore(right, least)) {
        least = right
        child += 1
      }
      if (!isBefore(least, last)) break
      heap[at] = least
      at = child
    }
    heap[at] = last
  }

  #rise(from: number): void {
    const heap = this.#heap
    const entry = heap[from]
    if (entry === undefined) return
    let at = from
    while (at > 0) {
      const above = (at - 1) >>> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(entry, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
