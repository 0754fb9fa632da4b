import type { OptionTable, OptionValues } from './option.ts'
import type { Terminal } from './terminal.ts'

/** A command line worth copying, with what it is for. */
export interface Example {
  readonly purpose: string
  readonly line: string
}

/** What a command gets to work with. */
export interface Invocation<O extends OptionTable = OptionTable> {
  readonly options: OptionValues<O>
  /** Arguments without dashes, in order. */
  readonly operands: readonly string[]
  readonly terminal: Terminal
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder with the scripts that browsers get. */
  readonly scripts: string
}

/** What the help tells of a command. */
export interface CommandHelp {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** More, in whole sentences; shown by `--help` only. */
  readonly details?: string
  readonly examples: readonly Example[]
}

/** A command that does something. */
export interface Command<O extends OptionTable = OptionTable> extends CommandHelp {
  /** Operands as the help shows them: `DIR`, `[FILE]`. Those in brackets may be left out. */
  readonly operands: readonly string[]
  readonly options: O
  /**
   * Does it.
   *
   * @throws {UsageError} for exit code 2; anything else that is thrown is exit code 1
   */
  run(invocation: Invocation<O>): Promise<void>
}

/** A command that only holds others: `blackhole key create`. */
export interface CommandGroup extends CommandHelp {
  readonly commands: readonly Command[]
}

/** A command or group in the table of all, loaded when it is asked for: the relay alone takes a second. */
export interface CommandEntry extends Pick<CommandHelp, 'name' | 'summary'> {
  load(): Promise<Command | CommandGroup>
}

/** Infers a command's options, so that `run` knows the type of each. */
export function defineCommand<const O extends OptionTable>(command: Command<O>): Command {
  return command
}
