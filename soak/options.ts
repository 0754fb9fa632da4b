import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  /** The last line of the output is an object. */
  readonly json: boolean
  /** Folder for charts; none when empty. */
  readonly charts: string
}

/** @throws Error when an option is not known or has no sensible value */
export function readOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      charts: { type: 'string', default: '' },
    },
  })
  const minutes = Number(values.minutes)
  if (!(minutes >= 1 && minutes <= 24 * 60))
    throw new Error(`--minutes must be at least 1 and at most 1440, got ${values.minutes}`)
  const seed = Number(values.seed)
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new Error(`--seed must be a whole number from 0 to 4294967295, got ${values.seed}`)
  return { minutes, seed, json: values.json, charts: values.charts }
}
