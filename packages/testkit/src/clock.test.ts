import { expect, test } from 'vitest'
import { testClock } from './clock.ts'

test('stands still until it is moved, and runs what became due in order', async () => {
  const clock = testClock(1000)
  const log: string[] = []
  const run = async (name: string, ms: number) => {
    await clock.delay(ms)
    log.push(`${name} at ${clock.now()}`)
  }
  void run('late', 20)
  void run('early', 10)
  await clock.advance(9)
  expect(log).toEqual([])
  await clock.advance(100)
  expect(log).toEqual(['early at 1010', 'late at 1020'])
  expect(clock.now()).toBe(1109)
})

test('runs what a due timer starts, when that is due too', async () => {
  const clock = testClock(0)
  const log: number[] = []
  void (async () => {
    for (let round = 0; round < 3; round++) {
      await clock.delay(10)
      log.push(clock.now())
    }
  })()
  await clock.advance(25)
  expect(log).toEqual([10, 20])
})

test('a delay ends with its signal', async () => {
  const clock = testClock()
  const controller = new AbortController()
  const delay = clock.delay(10, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(delay).rejects.toThrow('enough')
  await expect(clock.delay(10, { signal: controller.signal })).rejects.toThrow('enough')
})
