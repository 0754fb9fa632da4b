import { describe, expect, it } from 'vitest'
import { parseArguments } from './arguments.ts'
import type { OptionTable } from './option.ts'

const table = {
  relay: { type: 'string', placeholder: 'URL', summary: '', env: 'BLACKHOLE_RELAY' },
  origin: { type: 'string', multiple: true, placeholder: 'URL', summary: '', env: 'BLACKHOLE_ORIGIN' },
  watch: { type: 'boolean', short: 'w', summary: '', env: 'BLACKHOLE_WATCH' },
} as const satisfies OptionTable

const parse = (args: string[], env: Record<string, string> = {}) => parseArguments(args, table, env)

describe('parseArguments', () => {
  it('reads strings, lists, switches and operands in any order', () => {
    expect(
      parse(['dist', '--origin', 'https://a.example', '-w', '--relay=http://r', '--origin', 'https://b.example']),
    ).toEqual({
      options: { relay: 'http://r', origin: ['https://a.example', 'https://b.example'], watch: true },
      operands: ['dist'],
    })
  })

  it('takes what is not given from the environment, and prefers what is given', () => {
    const env = {
      BLACKHOLE_RELAY: 'http://env',
      BLACKHOLE_ORIGIN: 'https://a.example,https://b.example',
      BLACKHOLE_WATCH: '1',
    }
    expect(parse([], env).options).toEqual({
      relay: 'http://env',
      origin: ['https://a.example', 'https://b.example'],
      watch: true,
    })
    expect(parse(['--relay', 'http://given'], env).options['relay']).toBe('http://given')
    expect(parse([], { BLACKHOLE_RELAY: ' ' }).options['relay']).toBeUndefined()
  })

  it('takes negative numbers and a lone dash as values', () => {
    expect(parse(['--relay', '-1', '--origin', '-']).options).toMatchObject({ relay: '-1', origin: ['-'] })
  })

  it('passes everything after -- as operands', () => {
    expect(parse(['--', '--relay', '-w']).operands).toEqual(['--relay', '-w'])
  })

  it.each([
    [['--rely', 'x'], 'unknown option --rely: did you mean --relay?'],
    [['--frobnicate'], 'unknown option --frobnicate'],
    [['-x'], 'unknown option -x'],
    [['--constructor'], 'unknown option --constructor'],
    [['--relay'], '--relay needs a value: --relay URL'],
    [['--relay', '--watch'], '--relay needs a value: --relay URL'],
    [['--relay', 'a', '--relay', 'b'], '--relay is given twice'],
    [['--watch=yes'], '--watch takes no value'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(args)).toThrow(expect.objectContaining({ name: 'UsageError', message }))
  })

  it('names the variable whose switch is neither on nor off', () => {
    expect(() => parse([], { BLACKHOLE_WATCH: 'maybe' })).toThrow('BLACKHOLE_WATCH must be true or false, got "maybe"')
  })
})
