import { BlackholeError, NotFoundError } from '@blackhole/protocol'
import { expect, test } from 'vitest'
import { noneLeft } from './ask-relays.ts'

const failed = (...errors: Error[]) => errors.map((error, index) => ({ url: `http://${String(index)}.example`, error }))

test('relays that all fail for the same reason fail for that one, and others are unavailable', () => {
  const refused = new BlackholeError('forbidden', 'not this key')
  const gone = new NotFoundError('it')
  expect(noneLeft(failed(refused))).toBe(refused)
  expect(noneLeft(failed(refused, refused))).toMatchObject({
    reason: 'forbidden',
    message: 'No relay took it: not this key; not this key',
  })
  const mixed = noneLeft(failed(refused, gone))
  expect(mixed).toMatchObject({ reason: 'unavailable', message: 'No relay took it: not this key; it was not found' })
  expect((mixed.cause as AggregateError).errors).toEqual([refused, gone])
  expect(noneLeft([])).toMatchObject({ reason: 'invalid' })
})
