import type { Command, CommandEntry, CommandGroup, Example } from './command.ts'
import { formatPairs } from './format.ts'
import { COMMON_OPTIONS } from './option.ts'
import type { OptionSpec, OptionTable } from './option.ts'

/** Help of the whole program. */
export function formatProgramHelp(commands: readonly CommandEntry[], version: string): string {
  return [
    `blackhole ${version}: publish a web site, and let its visitors' browsers serve it to each other`,
    'Usage:\n  blackhole COMMAND [options]',
    `Commands:\n${formatPairs(commands.map(({ name, summary }) => [name, summary]))}`,
    formatExamples([
      { purpose: 'Run a relay on this machine, and publish a folder to it', line: 'blackhole relay' },
      { purpose: '', line: 'blackhole publish ./dist --relay http://localhost:8080' },
      { purpose: 'Use it in a script', line: 'blackhole publish ./dist --json | jq -r .url' },
    ]),
    'blackhole COMMAND --help explains a command.\nExit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage.',
  ].join('\n\n')
}

/** Help of one command. */
export function formatCommandHelp(path: string, command: Command): string {
  const options = { ...command.options, ...COMMON_OPTIONS }
  return [
    `${path}: ${command.summary}`,
    `Usage:\n  ${[path, ...command.operands, '[options]'].join(' ')}`,
    ...(command.details === undefined ? [] : [command.details]),
    `Options:\n${formatOptions(options)}`,
    formatExamples(command.examples),
  ].join('\n\n')
}

/** Help of a group of commands. */
export function formatGroupHelp(path: string, group: CommandGroup): string {
  return [
    `${path}: ${group.summary}`,
    `Usage:\n  ${path} COMMAND [options]`,
    ...(group.details === undefined ? [] : [group.details]),
    `Commands:\n${formatPairs(group.commands.map((command) => [[command.name, ...command.operands].join(' '), command.summary]))}`,
    formatExamples(group.examples),
    `${path} COMMAND --help explains one of them.`,
  ].join('\n\n')
}

function formatOptions(options: OptionTable): string {
  return formatPairs(Object.entries(options).map(([name, spec]) => [formatFlag(name, spec), formatSummary(spec)]))
}

function formatFlag(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `
  const value = spec.type === 'boolean' ? '' : ` ${spec.placeholder ?? 'VALUE'}`
  return `${short}--${name}${value}${spec.multiple === true ? ' …' : ''}`
}

function formatSummary(spec: OptionSpec): string {
  const notes = [
    ...(spec.fallback === undefined ? [] : [`default: ${spec.fallback}`]),
    ...(spec.env === undefined ? [] : [`env: ${spec.env}`]),
  ]
  return notes.length === 0 ? spec.summary : `${spec.summary} (${notes.join('; ')})`
}

function formatExamples(examples: readonly Example[]): string {
  return `Examples:\n${examples.map(({ purpose, line }) => `${purpose === '' ? '' : `  ${purpose}:\n`}    $ ${line}`).join('\n')}`
}
