import { expect, it } from 'vitest'
import { CreditWindow } from './credit.ts'

const signal = new AbortController().signal

it('lets a whole block pass while any credit is left, then waits', async () => {
  const credit = new CreditWindow(10)
  await credit.take(100, { signal })
  expect(credit.left).toBe(-90)
  let taken = false
  const second = credit.take(1, { signal }).then(() => (taken = true))
  credit.grant(90)
  await Promise.resolve()
  expect(taken).toBe(false)
  credit.grant(1)
  await second
  expect(credit.left).toBe(0)
})

it('wakes all who wait, and lets in as many as there is credit for', async () => {
  const credit = new CreditWindow(0)
  const order: number[] = []
  const all = [1, 2, 3].map((n) => credit.take(5, { signal }).then(() => order.push(n)))
  credit.grant(6)
  await Promise.all(all.slice(0, 2))
  expect(order).toEqual([1, 2])
  credit.grant(10)
  await Promise.all(all)
  expect(order).toEqual([1, 2, 3])
})

it('stops waiting when aborted, and takes nothing', async () => {
  const credit = new CreditWindow(0)
  const controller = new AbortController()
  const taken = credit.take(5, { signal: controller.signal })
  controller.abort(new Error('gone'))
  await expect(taken).rejects.toThrow('gone')
  credit.grant(3)
  expect(credit.left).toBe(3)
})
