/** Where a series of measurements goes. */
export interface Trend {
  readonly name: string
  /** Medians of the first and the last tenth of what was looked at. */
  readonly start: number
  readonly end: number
  /** In the unit of the series. */
  readonly perHour: number
  /** What the line grows by from the first to the last look, as a part of where it begins. */
  readonly growth: number
}

/**
 * The line through a series by Theil and Sen: the median of the slopes of all pairs, which a few outliers don't
 * move (Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968).
 *
 * @param points - minutes and values, in order; at least two
 * @throws Error when there are fewer
 */
export function trendOf(name: string, points: readonly (readonly [minutes: number, value: number])[]): Trend {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || points.length < 2)
    throw new Error(`${name}: ${String(points.length)} values have no trend`)
  const slopes = points.flatMap(([fromX, fromY], at) =>
    points.slice(at + 1).flatMap(([x, y]) => (x > fromX ? [(y - fromY) / (x - fromX)] : [])),
  )
  const slope = median(slopes)
  const begin = median(points.map(([x, y]) => y - slope * (x - first[0])))
  const tenth = Math.max(1, Math.floor(points.length / 10))
  return {
    name,
    start: median(points.slice(0, tenth).map(([, value]) => value)),
    end: median(points.slice(-tenth).map(([, value]) => value)),
    perHour: slope * 60,
    growth: begin > 0 ? (slope * (last[0] - first[0])) / begin : 0,
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? 0, sorted[sorted.length >> 1] ?? 0]
  return (low + high) / 2
}
