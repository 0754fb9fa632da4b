import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface FuzzOptions {
  /** The decoder; undefined: all of them, in turn. */
  readonly target: string | undefined
  /** For all of them together. */
  readonly minutes: number
  readonly seed: number
  /** The last line of the output is an object. */
  readonly json: boolean
  /** Inputs that led somewhere new are kept in the repository. */
  readonly keep: boolean
}

/** @throws Error when an option is not known or has no sensible value */
export function readOptions(args: readonly string[]): FuzzOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  if (positionals.length > 1) throw new Error(`One target at a time, or all: ${positionals.join(', ')}`)
  const minutes = Number(values.minutes)
  if (!(minutes > 0 && minutes <= 24 * 60))
    throw new Error(`--minutes must be above 0 and at most 1440, got ${values.minutes}`)
  const seed = Number(values.seed)
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new Error(`--seed must be a whole number from 0 to 4294967295, got ${values.seed}`)
  return { target: positionals[0], minutes, seed, json: values.json, keep: values.keep }
}
