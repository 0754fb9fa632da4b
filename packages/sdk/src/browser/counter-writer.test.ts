import { MemorySiteState } from '@blackhole/site'
import { testClock } from '@blackhole/testkit'
import { expect, it } from 'vitest'
import { CounterWriter, WRITE_PAUSE_MS } from './counter-writer.ts'

/** A writer on a clock that the test turns, and how often it has written. */
function setup() {
  const clock = testClock()
  const state = new MemorySiteState()
  const writes = { count: 0 }
  const writer = new CounterWriter({ state, sleep: clock.delay, onWritten: () => (writes.count += 1) })
  return { clock, state, writes, writer }
}

it('writes the first bytes at once, and what is shared soon after them together', async () => {
  const { clock, state, writes, writer } = setup()
  for (let event = 0; event < 100; event++) {
    writer.add('shared', 10)
    await clock.advance(1)
  }
  expect(writes.count).toBe(1)
  expect(await state.counters()).toMatchObject({ shared: 10 })
  await clock.advance(WRITE_PAUSE_MS)
  expect(writes.count).toBe(2)
  expect(await state.counters()).toMatchObject({ shared: 1000 })
  await clock.advance(WRITE_PAUSE_MS)
  writer.add('peers', 1)
  await clock.advance(0)
  expect(await state.counters()).toMatchObject({ peers: 1 })
})

it('writes what was received without a pause: the page may be left', async () => {
  const { clock, state, writer } = setup()
  for (const bytes of [10, 20, 30]) {
    writer.add('peers', bytes)
    await clock.advance(1)
  }
  expect(await state.counters()).toMatchObject({ peers: 60 })
})

it('has written what it tells', async () => {
  const { clock, state, writes, writer } = setup()
  writer.add('shared', 10)
  await clock.advance(1)
  writer.add('shared', 5)
  expect(await state.counters()).toMatchObject({ shared: 10 })
  expect(await writer.read()).toMatchObject({ shared: 15 })
  expect(await state.counters()).toMatchObject({ shared: 15 })
  // Others hear of it too.
  await clock.advance(WRITE_PAUSE_MS)
  expect(writes.count).toBe(2)
})

it('loses nothing when the page is left', async () => {
  const { clock, state, writer } = setup()
  writer.add('shared', 10)
  await clock.advance(1)
  writer.add('shared', 5)
  writer.flush()
  await clock.advance(0)
  expect(await state.counters()).toMatchObject({ shared: 15 })
})
