import { parseArguments } from './arguments.ts'
import type { Command, CommandEntry } from './command.ts'
import { describeFailure, EXIT, isAbort, UsageError } from './failure.ts'
import { formatCommandHelp, formatGroupHelp, formatProgramHelp } from './help.ts'
import { COMMON_OPTIONS } from './option.ts'
import { suggest } from './suggest.ts'
import { Terminal } from './terminal.ts'
import type { TerminalComponents } from './terminal.ts'

/** What {@link runCli} works with. */
export interface CliComponents extends TerminalComponents {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted to end what runs: a relay stops, a publish gives up. */
  readonly signal: AbortSignal
  /** Folder with the scripts that browsers get: loader, worker and peer. */
  readonly scripts: string
}

/** Options of {@link runCli}. */
export interface CliInit {
  readonly commands: readonly CommandEntry[]
  /** Version of the program. */
  readonly version: string
}

/**
 * Runs one command line.
 *
 * @param args - without the interpreter and the script
 * @returns the exit code
 */
export async function runCli(args: readonly string[], components: CliComponents, init: CliInit): Promise<number> {
  // What can't be parsed must not make standard output unreadable for a program.
  const terminal = new Terminal(components, { json: args.includes('--json') })
  let path = 'blackhole'
  try {
    const [first, ...rest] = args
    if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
      const help = formatProgramHelp(init.commands, init.version)
      if (first === undefined) throw new UsageError(`no command is given\n\n${help}`)
      print(components, help)
      return EXIT.done
    }
    if (first === '--version' || first === '-v') {
      terminal.result({ version: init.version }, init.version)
      return EXIT.done
    }
    const found = await find(first, init.commands, 'command').load()
    path = `${path} ${found.name}`
    if (!('commands' in found)) return await runCommand(found, path, rest, terminal, components)
    const [second, ...others] = rest
    if (second === undefined || second === '--help' || second === '-h') {
      const help = formatGroupHelp(path, found)
      if (second === undefined) throw new UsageError(`${path} needs a command\n\n${help}`)
      print(components, help)
      return EXIT.done
    }
    const command = find(second, found.commands, `command of ${path}`)
    path = `${path} ${command.name}`
    return await runCommand(command, path, others, terminal, components)
  } catch (error) {
    if (error instanceof UsageError) {
      const hint = error.message.includes('\n') ? '' : `\nSee ${path} --help`
      terminal.note(`${terminal.paint('red', 'error:')} ${error.message}${hint}`)
      return EXIT.usage
    }
    const reason = isAbort(error) && components.signal.aborted ? 'interrupted' : describeFailure(error)
    terminal.note(`${terminal.paint('red', 'error:')} ${reason}`)
    return EXIT.failed
  }
}

async function runCommand(
  command: Command,
  path: string,
  args: readonly string[],
  terminal: Terminal,
  components: CliComponents,
): Promise<number> {
  if (asksForHelp(args)) {
    print(components, formatCommandHelp(path, command))
    return EXIT.done
  }
  const { options, operands } = parseArguments(args, { ...command.options, ...COMMON_OPTIONS }, components.env)
  const required = command.operands.filter((operand) => !operand.startsWith('['))
  const missing = required[operands.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing: ${path} ${command.operands.join(' ')}`)
  const extra = operands[command.operands.length]
  if (extra !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`)
  await command.run({
    options,
    operands,
    terminal,
    signal: components.signal,
    env: components.env,
    scripts: components.scripts,
  })
  return EXIT.done
}

/** Help is given even when the rest of the line is wrong: that is when it is wanted. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h')
}

function find<C extends { readonly name: string }>(name: string, commands: readonly C[], what: string): C {
  const found = commands.find((command) => command.name === name)
  if (found !== undefined) return found
  if (name.startsWith('-')) throw new UsageError(`unknown option ${name}: the command comes first`)
  const near = suggest(
    name,
    commands.map((command) => command.name),
  )
  throw new UsageError(`unknown ${what} ${JSON.stringify(name)}${near === undefined ? '' : `: did you mean ${near}?`}`)
}

/** Help that was asked for is the outcome, so it goes to standard output. */
function print(components: CliComponents, text: string): void {
  components.stdout.write(`${text}\n`)
}
