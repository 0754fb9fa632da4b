/** A linear axis from 0 to a little above the largest value. */
export interface Axis {
  /** Where a value lies, in the unit of `length`. */
  at(value: number): number
  readonly ticks: readonly number[]
}

/** Steps that people count in. */
const STEPS = [1, 2, 2.5, 5, 10]

/**
 * Makes an axis with about `count` round ticks.
 *
 * @param max - the largest value; 1 is taken for nought and less
 */
export function axis(max: number, length: number, count: number): Axis {
  const top = max > 0 && Number.isFinite(max) ? max : 1
  const magnitude = 10 ** Math.floor(Math.log10(top / count))
  const step = (STEPS.find((candidate) => candidate * magnitude * count >= top) ?? 10) * magnitude
  const steps = Math.ceil(top / step - 1e-9)
  const end = steps * step
  return {
    at: (value) => (value / end) * length,
    ticks: Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(6))),
  }
}
