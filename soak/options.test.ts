import { expect, it } from 'vitest'
import { readOptions } from './options.ts'

it('is half an hour when nothing else is said', () => {
  expect(readOptions([])).toEqual({ minutes: 30, seed: 1, json: false, charts: '' })
  expect(readOptions(['--minutes', '1.5', '--seed', '7', '--json', '--charts', 'docs'])).toEqual({
    ...{ minutes: 1.5, seed: 7 },
    ...{ json: true, charts: 'docs' },
  })
})

it.each([
  [['--minutes', '0.5'], '--minutes must be at least 1 and at most 1440, got 0.5'],
  [['--minutes', 'x'], '--minutes must be at least 1'],
  [['--seed', '-1'], "'--seed' argument is ambiguous"],
  [['--seed=-1'], '--seed must be a whole number from 0 to 4294967295, got -1'],
  [['--hours', '1'], '--hours'],
])('%j: says what is wrong', (args, message) => {
  expect(() => readOptions(args)).toThrow(message)
})
