import { readFileSync } from 'node:fs'
import { BlackholeError, ValidationError } from '@blackhole/protocol'
import { RELAY_OPTIONS, checkRelayInit } from './config.ts'
import type { RelayInit } from './config.ts'

/** Where options may come from. A flag wins over a variable, a variable over the file. */
export interface ConfigSources {
  /** Options by name in camel case, as a parser of flags made them. */
  flags?: Readonly<Record<string, unknown>>
  /** Environment variables; those that start with `BLACKHOLE_` are options. */
  env?: Readonly<Record<string, string | undefined>>
  /** Path of a JSON file with options by name in camel case. */
  file?: string | undefined
}

/** Longest part of a variable's name that an error repeats. */
const MAX_SHOWN = 100

/** The variable of an option: `stunPort` is `BLACKHOLE_STUN_PORT`. */
export function variableOf(name: string): string {
  return `BLACKHOLE_${name.replace(/([A-Z])/g, '_$1').toUpperCase()}`
}

/** The flag of an option: `stunPort` is `--stun-port`. */
export function flagOf(name: string): string {
  // Given once for each.
  if (name === 'fellows') return '--fellow'
  return `--${name.replace(/([A-Z])/g, '-$1').toLowerCase()}`
}

/**
 * Options of a relay from flags, environment and file.
 *
 * @throws {ValidationError} naming the option that is wrong or unknown, as it was written
 * @throws {BlackholeError} `missing` when the file can't be read
 */
export function parseRelayConfig(sources: ConfigSources): RelayInit {
  const flags = defined(sources.flags ?? {})
  const env = fromEnvironment(sources.env ?? {})
  try {
    return checkRelayInit({ ...fromFile(sources.file), ...env, ...flags })
  } catch (error) {
    if (!(error instanceof ValidationError) || error.subject === undefined) throw error
    const [option = ''] = error.subject.split('.')
    if (Object.hasOwn(flags, option)) throw renamed(error, option, flagOf(option))
    if (Object.hasOwn(env, option)) throw renamed(error, option, variableOf(option))
    throw error
  }
}

/** The same error with the option as it was written: who gave a flag looks for a flag. */
function renamed(error: ValidationError, option: string, written: string): BlackholeError {
  if (!error.message.startsWith(option)) return error
  const named = new BlackholeError('invalid', `${written}${error.message.slice(option.length)}`, {
    cause: error,
    subject: error.subject,
  })
  named.name = error.name
  return named
}

function fromFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {}
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new BlackholeError('missing', `config: the file ${path} can't be read`, { cause, subject: 'config' })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? ` (${cause.message})` : ''
    throw new ValidationError('config', `a file of JSON${why}`, path, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ValidationError('config', 'a file with one JSON object', path)
  return value as Record<string, unknown>
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const known = new Map<string, string>(RELAY_OPTIONS.map(({ name }) => [variableOf(name), name]))
  const values: Record<string, unknown> = {}
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('BLACKHOLE_') || value === undefined || value === '') continue
    const name = known.get(variable)
    if (name === undefined)
      throw new ValidationError(variable.slice(0, MAX_SHOWN), `one of ${[...known.keys()].join(', ')}`)
    values[name] = value
  }
  return values
}

function defined(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
}
