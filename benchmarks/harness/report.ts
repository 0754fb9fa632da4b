import { availableParallelism, loadavg } from 'node:os'
import { median, significant } from './stats.ts'

/** One measured quantity. */
export interface Row {
  readonly name: string
  /** Median of `runs`. */
  readonly value: number
  readonly unit: string
  /** The value of each run, in the order they ran. */
  readonly runs: readonly number[]
}

/** A quantity that an aim is set for. */
export interface Ratio {
  readonly name: string
  readonly value: number
  /** Such as `>= 0.85`. */
  readonly aim: string
  readonly met: boolean
}

/** What a benchmark found: the JSON that `--json` prints as its last line. */
export interface Report {
  readonly bench: string
  /** Cores, and the one-minute load average before the first run: what else this machine was doing. */
  readonly machine: { readonly cores: number; readonly load: number }
  readonly rows: readonly Row[]
  readonly ratios: readonly Ratio[]
}

/** What a benchmark returns; the harness adds its name and the machine. */
export type Findings = Pick<Report, 'rows' | 'ratios'>

/** Cores and load now. */
export function machine(): Report['machine'] {
  return { cores: availableParallelism(), load: significant(loadavg()[0] ?? Number.NaN) }
}

/** A row of the values that several runs gave. */
export function row(name: string, unit: string, runs: readonly number[]): Row {
  return { name, value: significant(median(runs)), unit, runs: runs.map(significant) }
}

/** A ratio with its aim: `at least` or `at most` a bound. */
export function ratio(name: string, value: number, aim: '>=' | '<=', bound: number): Ratio {
  return {
    name,
    value: significant(value),
    aim: `${aim} ${String(bound)}`,
    met: aim === '>=' ? value >= bound : value <= bound,
  }
}

/** Median of a row, for ratios. `NaN` when there is no such row. */
export function valueOf(rows: readonly Row[], name: string): number {
  return rows.find((candidate) => candidate.name === name)?.value ?? Number.NaN
}

/** What was measured: leaves out rows and ratios without a number, which JSON has no form for. */
export function measured({ rows, ratios }: Findings): Findings {
  return {
    rows: rows.filter(({ value }) => Number.isFinite(value)),
    ratios: ratios.filter(({ value }) => Number.isFinite(value)),
  }
}
