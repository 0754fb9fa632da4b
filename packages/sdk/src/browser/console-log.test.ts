import { expect, it } from 'vitest'
import { errorLog, errorText } from './console-log.ts'

it('gives the console text alone: it keeps the objects that it is given', () => {
  const said: unknown[][] = []
  const log = errorLog((...values: unknown[]) => said.push(values))
  log('the dial of a visitor', new Error('It is gone', { cause: new TypeError('no stream') }))
  expect(said).toHaveLength(1)
  expect(said.flat().map((value) => typeof value)).toEqual(['string'])
  expect(said[0]?.[0]).toMatch(
    /^Blackhole: the dial of a visitor: Error: It is gone\n +at .*\ncaused by TypeError: no stream/s,
  )
})

it('tells the error of an event, and what is no error', () => {
  const event = Object.assign(new Event('close'), { error: new RangeError('too much') })
  expect(errorText(event)).toMatch(/^close event\ncaused by RangeError: too much/)
  expect(errorText('left')).toBe('left')
})

it('ends, whatever the causes', () => {
  const round = new Error('x'.repeat(10_000))
  round.cause = round
  expect(errorText(round)).toHaveLength(4_000)
})
