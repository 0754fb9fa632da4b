import { testClock } from '@blackhole/testkit/clock'
import type { TestClock } from '@blackhole/testkit/clock'
import { beforeEach, expect, it } from 'vitest'
import { InTime, inTime } from './in-time.ts'

let clock: TestClock
let asked: InTime

beforeEach(() => {
  clock = testClock()
  asked = new InTime(
    { clock: { now: clock.now, sleep: clock.delay } },
    { what: 'The store', timeoutMs: 1_000, restMs: 60_000 },
  )
})

it('passes answers and failures on', async () => {
  expect(await asked.ask(() => Promise.resolve(7))).toBe(7)
  await expect(asked.ask(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  const thrown = asked.ask(() => {
    throw new Error('at once')
  })
  await expect(thrown).rejects.toThrow('at once')
  await clock.advance(5_000)
  expect(await asked.ask(() => Promise.resolve(8))).toBe(8)
})

it('waits once for one that hangs, asks nothing for a while, and then tries again', async () => {
  let questions = 0
  const hangs = (): Promise<never> => {
    questions++
    return new Promise(() => undefined)
  }
  const first = asked.ask(hangs).catch((error: unknown) => error)
  await clock.advance(1_000)
  expect(await first).toMatchObject({ name: 'DeadlineError', message: expect.stringContaining('1000 ms') })
  await expect(asked.ask(hangs)).rejects.toMatchObject({ reason: 'unavailable' })
  expect(questions).toBe(1)
  await clock.advance(60_000)
  expect(await asked.ask(() => Promise.resolve('awake'))).toBe('awake')
})

it.each(['answers', 'fails'])('asks again as soon as one that took long %s', async (how) => {
  const late = Promise.withResolvers<string>()
  const first = asked.ask(() => late.promise).catch((error: unknown) => error)
  await clock.advance(1_000)
  expect(await first).toMatchObject({ name: 'DeadlineError' })
  if (how === 'answers') late.resolve('late')
  else late.reject(new Error('late'))
  await clock.advance(0)
  expect(await asked.ask(() => Promise.resolve('awake'))).toBe('awake')
})

it('gives each question its own time, and the late ones up together', async () => {
  const hangs = (): Promise<never> => new Promise(() => undefined)
  const ended: string[] = []
  const ask = (name: string, question: () => Promise<unknown>): void => {
    asked.ask(question).then(
      () => ended.push(name),
      () => ended.push(`${name} late`),
    )
  }
  ask('a', hangs)
  ask('b', () => clock.delay(900))
  await clock.advance(500)
  ask('c', hangs)
  ask('d', () => clock.delay(400))
  await clock.advance(499)
  expect(ended).toEqual(['b', 'd'])
  await clock.advance(1)
  expect(ended).toEqual(['b', 'd', 'a late'])
  await clock.advance(500)
  expect(ended).toEqual(['b', 'd', 'a late', 'c late'])
})

it('asks only what it is told to in time, of the thing itself', async () => {
  class Store {
    #kept = 1
    async get(): Promise<number> {
      return await Promise.resolve(this.#kept)
    }
    async put(kept: number): Promise<void> {
      await clock.delay(2_000)
      this.#kept = kept
    }
  }
  const store = inTime(new Store(), ['get'], asked)
  const put = store.put(2)
  await clock.advance(2_000)
  await put
  expect(await store.get()).toBe(2)
})
