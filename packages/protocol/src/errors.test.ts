import { expect, it } from 'vitest'
import { LimitError, ValidationError, errorFromWire, errorToWire } from './errors.ts'

it('an error travels as data and is the same on the other side', () => {
  const error = new LimitError('cids', 10, 11)
  const wire = structuredClone(errorToWire(error))
  expect(wire).toEqual({ name: 'LimitError', reason: 'limit', message: error.message, subject: 'cids' })
  expect(errorFromWire(wire)).toMatchObject({ ...wire })
})

it('names field and bound, and shows a value in part only', () => {
  const { message } = new ValidationError('port', 'a whole number', 'x'.repeat(10_000))
  expect(message).toContain('port must be a whole number')
  expect(message.length).toBeLessThan(200)
})

it('shows no more of a value than what it is, whatever the value would do when it is made a text', () => {
  const endless: unknown[] = []
  endless.push(endless, { toString: 1 })
  const messages = [{ toString: 1 }, Object.create(null), [{ toString: 1 }], endless, Symbol('s'), 10n].map(
    (value: unknown) => new ValidationError('field', 'a text', value).message,
  )
  expect(messages).toEqual([
    'field must be a text, got an object',
    'field must be a text, got an object',
    'field must be a text, got a list of 1',
    'field must be a text, got a list of 2',
    'field must be a text, got Symbol(s)',
    'field must be a text, got a bigint',
  ])
})

it('what is no error of ours is unavailable, an abort is one', () => {
  expect(errorToWire(new TypeError('broken'))).toEqual({ name: 'TypeError', reason: 'unavailable', message: 'broken' })
  expect(errorToWire(new DOMException('gone', 'AbortError'))).toMatchObject({ reason: 'aborted' })
  expect(errorToWire('text')).toEqual({ name: 'Error', reason: 'unavailable', message: 'text' })
})

it('what comes from outside is bounded, and never more than an error', () => {
  expect(errorToWire(new Error('x'.repeat(10_000))).message).toHaveLength(500)
  expect(errorFromWire({ reason: 'limit', message: 'x'.repeat(10_000) }).message).toHaveLength(500)
  for (const nonsense of [null, 'text', 1, {}, { name: 'a b', reason: 'because', message: 5 }])
    expect(errorFromWire(nonsense)).toMatchObject({ name: 'BlackholeError', reason: 'unavailable' })
})
