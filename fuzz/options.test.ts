import { describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'

describe('options of the fuzzer', () => {
  it('are ten minutes of everything by default', () => {
    expect(readOptions([])).toEqual({ target: undefined, minutes: 10, seed: 1, json: false, keep: false })
  })

  it('are read as they are written', () => {
    expect(readOptions(['car', '--minutes', '0.5', '--seed', '7', '--json', '--keep'])).toEqual({
      target: 'car',
      minutes: 0.5,
      seed: 7,
      json: true,
      keep: true,
    })
  })

  it.each([['--minutes', '0'], ['--minutes', 'x'], ['--seed', '-1'], ['--seed', '1.5'], ['a', 'b'], ['--other']])(
    'are refused when they make no sense: %s %s',
    (...args) => {
      expect(() => readOptions(args)).toThrow(/--minutes|--seed|One target|--other/)
    },
  )
})
