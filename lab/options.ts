import { parseArgs } from 'node:util'
import type { ScenarioOptions } from './scenarios/scenario.ts'

/** The command line of the laboratory. */
export interface LabCommandLine extends ScenarioOptions {
  readonly name: string | undefined
  readonly json: boolean
  /** File for the chart; none when empty. */
  readonly chart: string
}

/**
 * Reads the command line.
 *
 * @throws {TypeError} when it holds something unknown or a number that is none
 */
export function readLabCommandLine(args: readonly string[]): LabCommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      runs: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: '' },
      rate: { type: 'string', default: '1' },
      chart: { type: 'string', default: '' },
    },
  })
  if (positionals.length > 1) throw new TypeError(`One scenario at a time, got ${positionals.join(', ')}`)
  if (!/^[1-9]\d{0,2}$/.test(values.runs)) {
    throw new TypeError(`--runs must be a whole number from 1 to 999, got ${JSON.stringify(values.runs)}`)
  }
  if (!/^(?:[1-9]\d{0,3})?$/.test(values.seconds)) {
    throw new TypeError(`--seconds must be a whole number from 1 to 9999, got ${JSON.stringify(values.seconds)}`)
  }
  const rate = Number(values.rate)
  if (!(rate >= 0.01 && rate <= 1)) {
    throw new TypeError(`--rate must be a number from 0.01 to 1, got ${JSON.stringify(values.rate)}`)
  }
  const seconds = values.seconds === '' ? undefined : Number(values.seconds)
  return { ...values, seconds, rate, name: positionals[0], runs: Number(values.runs) }
}
