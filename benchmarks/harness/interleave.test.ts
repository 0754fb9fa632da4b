import { expect, it } from 'vitest'
import { interleave } from './interleave.ts'

it('runs everyone once per round, each round beginning with another', async () => {
  const order: string[] = []
  const contenders = ['a', 'b', 'c'].map((name) => ({
    name,
    run: () => Promise.resolve(order.push(name)),
  }))
  const results = await interleave(contenders, 3, () => undefined)
  expect(order.join('')).toBe('abcbcacab')
  expect(Object.fromEntries(results)).toEqual({ a: [1, 6, 8], b: [2, 4, 9], c: [3, 5, 7] })
})

it('names the one that hangs', async () => {
  const hanging = { name: 'stuck', run: () => new Promise<never>(() => undefined) }
  await expect(interleave([hanging], 1, () => undefined, 1)).rejects.toThrow('A run of stuck took longer than 1 ms')
})
