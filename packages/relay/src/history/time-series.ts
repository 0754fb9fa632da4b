/** How values of one step become one: added up, the newest, or the 95th percentile of all. */
export type Summary = 'sum' | 'last' | 'p95'

/** What may be set of a {@link TimeSeries}. */
export interface TimeSeriesInit<Name extends string> {
  readonly stepMs: number
  /** Steps that are kept; older ones are forgotten. */
  readonly steps: number
  readonly columns: Readonly<Record<Name, Summary>>
}

/** A series as it is read: one value per step, the newest last, null where there is none. */
export interface TimeSeriesView<Name extends string> {
  readonly stepMs: number
  /** Begin of the first step, milliseconds since 1970. */
  readonly from: number
  readonly columns: Readonly<Record<Name, readonly (number | null)[]>>
}

/** Values of one step of which a percentile is wanted: a sample of so many bounds memory, whoever sends them. */
const MAX_SAMPLES = 256

interface Column {
  readonly summary: Summary
  readonly values: (number | null)[]
  readonly samples: number[][]
}

/** Values over time in a ring of steps: memory stays the same however long it runs. */
export class TimeSeries<Name extends string> {
  readonly #init: TimeSeriesInit<Name>
  readonly #random: () => number
  readonly #columns: ReadonlyMap<Name, Column>
  /** Number of the newest step, counted since 1970. */
  #newest = 0

  /** @param components - `random`: 0 to 1, 1 excluded */
  constructor(components: { random: () => number }, init: TimeSeriesInit<Name>) {
    this.#init = init
    this.#random = components.random
    const column = (summary: Summary): Column => ({
      summary,
      values: new Array<number | null>(init.steps).fill(null),
      samples: Array.from({ length: summary === 'p95' ? init.steps : 0 }, () => []),
    })
    this.#columns = new Map((Object.keys(init.columns) as Name[]).map((name) => [name, column(init.columns[name])]))
  }

  /** Notes values at a time; one that lies before the newest step counts to that. */
  add(now: number, values: Partial<Readonly<Record<Name, number>>>): void {
    this.#advance(now)
    const at = this.#newest % this.#init.steps
    for (const [name, value] of Object.entries(values) as [Name, number][]) {
      const column = this.#columns.get(name)
      if (column === undefined) continue
      if (column.summary === 'p95') this.#sample(column.samples[at] ?? [], value)
      else column.values[at] = column.summary === 'sum' ? (column.values[at] ?? 0) + value : value
    }
  }

  read(now: number): TimeSeriesView<Name> {
    this.#advance(now)
    const { steps, stepMs } = this.#init
    const first = this.#newest - steps + 1
    const order = Array.from({ length: steps }, (_, index) => (first + index + steps) % steps)
    const columns = [...this.#columns].map(([name, { summary, values, samples }]) => [
      name,
      order.map((at) => (summary === 'p95' ? percentile(samples[at] ?? [], 0.95) : (values[at] ?? null))),
    ])
    return {
      stepMs,
      from: first * stepMs,
      columns: Object.fromEntries(columns) as Record<Name, (number | null)[]>,
    }
  }

  /** Empties the steps between the newest and now. */
  #advance(now: number): void {
    const { steps, stepMs } = this.#init
    const step = Math.floor(now / stepMs)
    for (let next = Math.max(this.#newest + 1, step - steps + 1); next <= step; next += 1) {
      for (const { values, samples } of this.#columns.values()) {
        values[next % steps] = null
        samples[next % steps]?.splice(0)
      }
    }
    this.#newest = Math.max(this.#newest, step)
  }

  /** Keeps some of all, each with the same chance once it is full: good enough for a percentile. */
  #sample(samples: number[], value: number): void {
    if (samples.length < MAX_SAMPLES) samples.push(value)
    else samples[Math.floor(this.#random() * MAX_SAMPLES)] = value
  }
}

/** By nearest rank; null of nothing. */
export function percentile(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? null
}
