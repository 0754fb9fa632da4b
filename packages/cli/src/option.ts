/** One option of a command, as the parser and the help need it. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  /** May be given several times; its value is a list. Strings only. */
  readonly multiple?: boolean
  /** One letter: `-h`. */
  readonly short?: string
  /** What stands for the value in the help: `URL`, `FILE`. */
  readonly placeholder?: string
  /** What it does, in one line. */
  readonly summary: string
  /** Environment variable that sets it when the command line doesn't. */
  readonly env?: string
  /** What holds when it is not given, for the help. */
  readonly fallback?: string
}

/** Options by their long name, without dashes. */
export type OptionTable = Readonly<Record<string, OptionSpec>>

/** Value of an option that is not known more closely. */
export type AnyOptionValue = string | boolean | readonly string[] | undefined

/** Value of one option as its specification has it: absent strings are undefined, absent switches false. */
export type OptionValue<S extends OptionSpec> = OptionSpec extends S
  ? AnyOptionValue
  : S extends { type: 'boolean' }
    ? boolean
    : S extends { multiple: true }
      ? readonly string[]
      : string | undefined

/** Values of all options of a table. */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: OptionValue<T[K]> }

/** Options that every command understands. */
export const COMMON_OPTIONS = {
  json: { type: 'boolean', summary: 'Print one JSON object on standard output and nothing else there' },
  help: { type: 'boolean', short: 'h', summary: 'Explain this command' },
} as const satisfies OptionTable
