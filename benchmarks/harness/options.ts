import { parseArgs } from 'node:util'

/** What the command line asked for. */
export interface BenchOptions {
  /** Rounds; 0 lets the benchmark choose. */
  readonly runs: number
  /** Contenders whose name contains this; all when empty. */
  readonly only: string
  /** Size of transferred files in MiB; 0 lets the benchmark choose. */
  readonly sizeMiB: number
  /** Folder for CPU profiles of the pages; none when empty. */
  readonly profile: string
  /** Visitors of a simulation; 0 lets it choose. */
  readonly visitors: number
  /** Folder for charts; none when empty. */
  readonly charts: string
}

/** The command line: a benchmark's name, `--json`, and the options. */
export interface CommandLine extends BenchOptions {
  readonly name: string | undefined
  readonly json: boolean
}

/**
 * Reads the command line.
 *
 * @throws {TypeError} when it holds something unknown or a number that is none
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      runs: { type: 'string', default: '0' },
      only: { type: 'string', default: '' },
      size: { type: 'string', default: '0' },
      profile: { type: 'string', default: '' },
      visitors: { type: 'string', default: '0' },
      charts: { type: 'string', default: '' },
    },
  })
  return {
    name: positionals[0],
    json: values.json,
    runs: wholeNumber('--runs', values.runs),
    only: values.only,
    sizeMiB: wholeNumber('--size', values.size),
    profile: values.profile,
    visitors: wholeNumber('--visitors', values.visitors),
    charts: values.charts,
  }
}

function wholeNumber(option: string, value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new TypeError(`${option} must be a whole number, got ${JSON.stringify(value)}`)
  return Number(value)
}
