import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'
import { runCli } from './run-cli.ts'

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const components = {
    stdout,
    stderr,
    env: { BLACKHOLE_HOME: '/nowhere' },
    signal: new AbortController().signal,
    scripts: '',
  }
  const code = await runCli(args, components, { commands: COMMANDS, version: '1.2.3' })
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

describe('the table of commands', () => {
  it.each(COMMANDS)('says of $name what the command says of itself', async ({ name, summary, load }) => {
    const command = await load()
    expect({ name: command.name, summary: command.summary }).toEqual({ name, summary })
  })

  it.each(COMMANDS)('has help with examples for $name', async ({ name, load }) => {
    const command = await load()
    const paths = 'commands' in command ? [[name], ...command.commands.map((each) => [name, each.name])] : [[name]]
    for (const path of paths) {
      const { code, stdout } = await run(...path, '--help')
      expect(code).toBe(0)
      expect(stdout).toContain(`  $ blackhole ${name}`)
    }
  })
})

describe('wrong usage', () => {
  it.each([
    [['publish'], 'DIR is missing'],
    [['publish', '.', '--relay', 'nonsense'], '--relay must be a URL such as http://localhost:8080, got "nonsense"'],
    [['publish', '.', '--relay', 'ftp://a.example'], '--relay must be a URL'],
    [
      ['publish', '.', '--relay', 'http://a.example/path'],
      '--relay must be an origin, without path, query, user or password: http://a.example',
    ],
    [['publish', '.', '--origin', 'https://www.example.com/shop'], '--origin must be an origin, without path'],
    [['sites', 'k51abc'], 'SITE must be'],
    [['publish', '.', '--origin', 'example.com'], '--origin must be a URL'],
    [['publish', '.', '--documents', 'both'], '--documents must be origin or site, got "both"'],
    [['publish', '.', '--site', 'k51'], '--site must be a name'],
    [['publish', '.', '--key', 'a b'], 'key label must be'],
    [['publish', '.', '--jsno'], 'unknown option --jsno: did you mean --json?'],
    [['rollback', '.', '--to', 'x'], '--to must be the number of a version, got "x"'],
    [['rollback'], 'name the site: the folder that was published, or --key KEY'],
    [['unpublish'], 'name the site'],
    [['key', 'crate'], 'did you mean create?'],
    [['key', 'import', 'a/b', 'c'], 'KEY must be a label'],
    [['relay', '--port', 'abc'], 'port must be a whole number from 0 to 65535, got "abc"'],
    [['relay', '--log-level', 'loud'], '--log-level must be one of'],
    [['relay', '--aliases', 'docs=nonsense'], 'aliases.docs must be a name'],
    [['relay', 'extra'], 'unexpected argument "extra"'],
    [['assets', '--relay', ':'], '--relay must be a URL'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})
