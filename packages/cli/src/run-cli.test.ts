import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { defineCommand } from './command.ts'
import { CommandError } from './failure.ts'
import { runCli } from './run-cli.ts'

const greet = defineCommand({
  name: 'greet',
  summary: 'Say hello',
  operands: ['WHO', '[HOW]'],
  options: { loud: { type: 'boolean', summary: 'Say it loudly' } },
  examples: [{ purpose: 'Greet the world', line: 'blackhole greet world' }],
  run({ options, operands, terminal }) {
    const text = `hello ${operands[0] ?? ''}`
    terminal.note('greeting')
    terminal.result({ text, loud: options.loud }, options.loud ? text.toUpperCase() : text)
    return Promise.resolve()
  },
})

const fail = defineCommand({
  name: 'fail',
  summary: 'Fail',
  operands: [],
  options: {},
  examples: [],
  run: () => Promise.reject(new CommandError('the relay is down', { cause: new Error('connect ECONNREFUSED') })),
})

const group = { name: 'key', summary: 'Keys', examples: [], commands: [greet] }

const commands = [greet, fail, group].map(({ name, summary, ...rest }) => ({
  name,
  summary,
  load: () => Promise.resolve({ name, summary, ...rest }),
}))

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const code = await runCli(
    args,
    { stdout, stderr, env: {}, signal: new AbortController().signal, scripts: '' },
    { commands, version: '1.2.3' },
  )
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

describe('runCli', () => {
  it('runs a command and keeps words for people off standard output', async () => {
    expect(await run('greet', 'world', '--loud')).toEqual({ code: 0, stdout: 'HELLO WORLD\n', stderr: 'greeting\n' })
  })

  it('prints one line of JSON on standard output when asked to', async () => {
    const { code, stdout } = await run('greet', 'world', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ text: 'hello world', loud: false })
    expect(stdout.split('\n')).toHaveLength(2)
  })

  it('runs a command of a group', async () => {
    expect((await run('key', 'greet', 'you')).stdout).toBe('hello you\n')
  })

  it('says what failed and why, and nothing on standard output', async () => {
    expect(await run('fail', '--json')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: the relay is down\n  because: connect ECONNREFUSED\n',
    })
  })

  it.each([
    [['gret'], 'unknown command "gret": did you mean greet?'],
    [['key', 'gret'], 'unknown command of blackhole key "gret": did you mean greet?'],
    [['greet'], 'WHO is missing: blackhole greet WHO [HOW]'],
    [['greet', 'a', 'b', 'c'], 'unexpected argument "c"'],
    [['greet', 'a', '--lod'], 'unknown option --lod: did you mean --loud?'],
    [['--port', '1'], 'unknown option --port: the command comes first'],
    [[], 'no command is given'],
    [['key'], 'blackhole key needs a command'],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  it('teaches with examples, even when the rest of the line is wrong', async () => {
    for (const args of [['--help'], ['greet', '--help'], ['key', '--help'], ['greet', '--what', '-h']]) {
      const { code, stdout } = await run(...args)
      expect(code).toBe(0)
      expect(stdout).toContain('Usage:')
      expect(stdout).toContain('Examples:')
    }
  })

  it('knows its version', async () => {
    expect((await run('--version')).stdout).toBe('1.2.3\n')
  })
})
