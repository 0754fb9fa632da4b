import { expect, it } from 'vitest'
import { readCommandLine } from './options.ts'

it('reads a name and the options, in any order', () => {
  expect(readCommandLine(['--runs', '3', 'transfer', '--json'])).toEqual({
    name: 'transfer',
    json: true,
    runs: 3,
    only: '',
    sizeMiB: 0,
    profile: '',
    visitors: 0,
    charts: '',
  })
})

it.each([['--runs=x'], ['--runs=-1'], ['--size=1.5'], ['--unknown']])('refuses %s and names it', (argument) => {
  expect(() => readCommandLine([argument])).toThrow(argument.split('=')[0])
})
