import { describe, expect, test } from 'vitest'
import { RateLimiter, addressKey } from './rate-limiter.ts'

describe('RateLimiter', () => {
  test('a burst, then the rate; keys do not share', () => {
    let now = 0
    const limiter = new RateLimiter({ now: () => now }, { perSecond: 2, burst: 3 })
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([true, true, true, false])
    expect(limiter.take('b')).toBe(true)
    now += 500
    expect([limiter.take('a'), limiter.take('a')]).toEqual([true, false])
    now += 60_000
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([true, true, true, false])
  })

  test('a clock that goes back neither gives nor takes', () => {
    let now = 10_000
    const limiter = new RateLimiter({ now: () => now }, { perSecond: 1, burst: 1 })
    expect(limiter.take('a')).toBe(true)
    now = 0
    expect(limiter.take('a')).toBe(false)
  })

  test('memory is bounded', () => {
    const limiter = new RateLimiter({ now: () => 0 }, { perSecond: 1, burst: 1, maxKeys: 2 })
    for (const key of ['a', 'b', 'c']) limiter.take(key)
    expect([limiter.take('c'), limiter.take('a')]).toEqual([false, true])
  })
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  [undefined, 'unknown'],
])('the key of %s is %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})
