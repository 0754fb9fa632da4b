import { expect, it } from 'vitest'
import { ALLOWANCE_INTERVAL_MS, ChokedAllowance } from './choked-allowance.ts'

it('counts what a peer had, and forgets it after a while', () => {
  const allowance = new ChokedAllowance(100)
  expect(allowance.left('a', 0)).toBe(100)
  allowance.use('a', 60, 0)
  allowance.use('a', 60, 1_000)
  expect(allowance.left('a', ALLOWANCE_INTERVAL_MS - 1)).toBe(0)
  expect(allowance.left('b', 1_000)).toBe(100)
  expect(allowance.left('a', ALLOWANCE_INTERVAL_MS)).toBe(100)
  allowance.use('a', 30, ALLOWANCE_INTERVAL_MS)
  expect(allowance.left('a', 2 * ALLOWANCE_INTERVAL_MS - 1)).toBe(70)
})

it('remembers no more than so many peers, the latest ones', () => {
  const allowance = new ChokedAllowance(100)
  for (let peer = 0; peer <= 10_000; peer += 1) allowance.use(String(peer), 100, peer)
  expect(allowance.left('0', 10_000)).toBe(100)
  expect(allowance.left('1', 10_000)).toBe(0)
  expect(allowance.left('10000', 10_000)).toBe(0)
})
