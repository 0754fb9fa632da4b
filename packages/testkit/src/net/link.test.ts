import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Link } from './link.ts'

const components = { now: () => performance.now() }

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

test('delivers after the time that the bytes take and the latency', () => {
  const link = new Link(components, { bytesPerSecond: 1000, latencyMs: 40 })
  const started = performance.now()
  let arrived: number | undefined
  link.send(100, () => (arrived = performance.now() - started))
  vi.advanceTimersByTime(139)
  expect(arrived).toBeUndefined()
  vi.advanceTimersByTime(1)
  expect(arrived).toBe(140)
})

test('delivers in order, and keeps its rate over portions that take less than a timer can wait', () => {
  const link = new Link(components, { bytesPerSecond: 1_000_000, latencyMs: 10 })
  const started = performance.now()
  const order: number[] = []
  let last = 0
  for (let index = 0; index < 1000; index++) {
    link.send(333, () => {
      order.push(index)
      last = performance.now() - started
    })
  }
  vi.advanceTimersByTime(10_000)
  expect(order).toEqual(Array.from({ length: 1000 }, (_, index) => index))
  expect(last).toBeGreaterThanOrEqual(342)
  expect(last).toBeLessThanOrEqual(344)
})

test('an idle link saves nothing up', () => {
  const link = new Link(components, { bytesPerSecond: 1000, latencyMs: 0 })
  vi.advanceTimersByTime(60_000)
  const started = performance.now()
  let arrived = 0
  link.send(1000, () => (arrived = performance.now() - started))
  vi.advanceTimersByTime(5000)
  expect(arrived).toBe(1000)
})

test('a closed link delivers nothing more', () => {
  const link = new Link(components, { bytesPerSecond: 1000, latencyMs: 0 })
  const deliver = vi.fn()
  link.send(1, deliver)
  link.close()
  vi.advanceTimersByTime(1000)
  expect(deliver).not.toHaveBeenCalled()
})
