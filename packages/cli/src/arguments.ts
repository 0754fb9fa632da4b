import { parseArgs } from 'node:util'
import { UsageError } from './failure.ts'
import type { AnyOptionValue, OptionSpec, OptionTable } from './option.ts'
import { suggest } from './suggest.ts'

/** A command line taken apart. Values are as {@link OptionValue} has them. */
export interface ParsedArguments {
  readonly options: Readonly<Record<string, AnyOptionValue>>
  readonly operands: readonly string[]
}

/**
 * Reads a command's arguments; environment variables fill in what is not given.
 *
 * @throws {UsageError} naming the option that is unknown, lacks its value or is given twice
 */
export function parseArguments(
  args: readonly string[],
  table: OptionTable,
  env: Readonly<Record<string, string | undefined>>,
): ParsedArguments {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(table).map(([name, { type, short }]) => [
        name,
        { type, ...(short === undefined ? {} : { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = new Map<string, string[]>()
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(table, token.name) ? table[token.name] : undefined
    if (spec === undefined) throw unknown(token.rawName, table)
    const value = checkValue(token.rawName, spec, token.value, token.inlineValue === true)
    const values = given.get(token.name) ?? []
    if (values.length > 0 && spec.multiple !== true && spec.type === 'string')
      throw new UsageError(`${token.rawName} is given twice`)
    given.set(token.name, [...values, value])
  }
  return {
    options: Object.fromEntries(
      Object.entries(table).map(([name, spec]) => [name, settle(spec, given.get(name), env)]),
    ),
    operands,
  }
}

function checkValue(rawName: string, spec: OptionSpec, value: string | undefined, inline: boolean): string {
  if (spec.type === 'boolean') {
    if (inline) throw new UsageError(`${rawName} takes no value`)
    return 'true'
  }
  // Without "=" a word that looks like an option is one: the value was forgotten. -1 is a number.
  if (value === undefined || (!inline && /^-\D/.test(value))) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${spec.placeholder ?? 'VALUE'}`)
  }
  return value
}

function settle(
  spec: OptionSpec,
  given: readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): AnyOptionValue {
  const set = spec.env === undefined ? undefined : env[spec.env]
  const fromEnv = set === undefined || set.trim() === '' ? undefined : set.trim()
  if (spec.type === 'boolean')
    return given !== undefined || (fromEnv !== undefined && readSwitch(spec.env ?? '', fromEnv))
  if (spec.multiple === true) return given ?? fromEnv?.split(/[\s,]+/) ?? []
  return given?.[0] ?? fromEnv
}

function readSwitch(name: string, value: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true
  if (/^(0|false|no|off)$/i.test(value)) return false
  throw new UsageError(`${name} must be true or false, got ${JSON.stringify(value)}`)
}

function unknown(rawName: string, table: OptionTable): UsageError {
  const near = rawName.startsWith('--') ? suggest(rawName.slice(2), Object.keys(table)) : undefined
  return new UsageError(`unknown option ${rawName}${near === undefined ? '' : `: did you mean --${near}?`}`)
}
