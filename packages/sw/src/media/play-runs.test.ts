import { expect, it } from 'vitest'
import { PlayRuns } from './play-runs.ts'
import type { Ask } from './play-runs.ts'

const segment = (sequence: number, durationS = 4): { sequence: number; durationS: number } => ({ sequence, durationS })

it('a player needs the first segment now, and each that follows when those before it are over', () => {
  const runs = new PlayRuns()
  // It fills its buffer: three requests within half a second.
  expect(runs.asked('tab', 'low', segment(7), 1000).neededAt).toBe(1000)
  expect(runs.asked('tab', 'low', segment(8, 2), 1200).neededAt).toBe(5000)
  expect(runs.asked('tab', 'low', segment(9), 1500).neededAt).toBe(7000)
  // Asked for once more.
  expect(runs.asked('tab', 'low', segment(9), 1600).neededAt).toBe(7000)
})

it('nothing is needed before it is asked for, and a player that stood still has no more time than that', () => {
  const runs = new PlayRuns()
  runs.asked('tab', 'low', segment(1), 0)
  expect(runs.asked('tab', 'low', segment(2), 10_000).neededAt).toBe(10_000)
  expect(runs.asked('tab', 'low', segment(3), 10_100).neededAt).toBe(14_000)
})

it('a seek needs its segment now, another quality goes on where the one before it was', () => {
  const runs = new PlayRuns()
  runs.asked('tab', 'low', segment(1), 0)
  runs.asked('tab', 'low', segment(2), 100)
  expect(runs.asked('tab', 'high', segment(3), 200).neededAt).toBe(8000)
  expect(runs.asked('tab', 'high', segment(40), 300).neededAt).toBe(300)
  // Back to the first one, and from there to the other again.
  runs.asked('tab', 'low', segment(41), 400)
  runs.asked('tab', 'low', segment(42), 500)
  expect(runs.of('tab').map(({ playlist, left }) => [playlist, left])).toEqual([
    ['low', false],
    ['high', true],
  ])
  expect(runs.asked('tab', 'high', segment(43), 600)).toMatchObject({ neededAt: 12_300, left: false })
  // Another tab is another player.
  expect(runs.asked('other tab', 'high', segment(41), 400).neededAt).toBe(400)
})

it('believes in no endless buffer, and remembers no endless list of players', () => {
  const runs = new PlayRuns()
  for (let at = 0; at < 100; at += 1)
    expect(runs.asked('tab', 'low', segment(at), 0).neededAt).toBeLessThanOrEqual(60_000)
  for (let tab = 0; tab < 100; tab += 1) runs.asked(`tab ${String(tab)}`, 'low', segment(0), 0)
  expect(runs.of()).toHaveLength(64)
  expect(runs.of('tab 99')).toHaveLength(1)
  expect(runs.of('tab')).toEqual([])
})

it('what was loaded before we were there is in hand too; one that was on its way then is told by nobody', () => {
  const ask = (playlist: string, sequence: number, at: number): Ask => ({ playlist, segment: segment(sequence), at })
  const runs = new PlayRuns()
  const { id } = runs.asked('tab', 'high', segment(4), 2000)
  expect(runs.asked('tab', 'high', segment(5), 2500).neededAt).toBe(6000)
  // 1 and 2 are over by 8500; 3 nobody spoke of.
  runs.loaded('tab', [ask('high', 2, 900), ask('low', 1, 500)])
  expect(runs.of('tab')[0]).toMatchObject({ id, playlist: 'high', neededAt: 16_500 })
  expect(runs.asked('tab', 'high', segment(6), 3000)).toMatchObject({ id, neededAt: 20_500 })
  // It is said again on each port.
  runs.loaded('tab', [ask('high', 6, 2900)])
  expect(runs.asked('tab', 'high', segment(7), 3100).neededAt).toBe(24_500)
  // One may be missing once: after that it is a seek.
  expect(runs.asked('tab', 'high', segment(9), 3200).neededAt).toBe(3200)
})

it('the first request after what was loaded may leave one out too', () => {
  const runs = new PlayRuns()
  runs.loaded('tab', [{ playlist: 'low', segment: segment(4), at: 500 }])
  expect(runs.asked('tab', 'high', segment(6), 2000).neededAt).toBe(8500)
  expect(runs.asked('tab', 'high', segment(7), 2500).neededAt).toBe(12_500)
})

it('what was loaded before a seek, or a stop, gives a player no time', () => {
  const runs = new PlayRuns()
  runs.asked('tab', 'low', segment(9), 2000)
  runs.loaded('tab', [{ playlist: 'low', segment: segment(1), at: 500 }])
  expect(runs.of('tab')[0]?.neededAt).toBe(2000)
  runs.asked('other tab', 'low', segment(2), 60_000)
  runs.loaded('other tab', [{ playlist: 'low', segment: segment(1), at: 500 }])
  expect(runs.of('other tab')[0]?.neededAt).toBe(60_000)
})

it('is told of what was loaded soon, or not at all', () => {
  const runs = new PlayRuns()
  for (let at = 2; at < 40; at += 1) runs.asked('tab', 'low', segment(at, 1), 0)
  const { neededAt } = runs.asked('tab', 'low', segment(40, 1), 0)
  runs.loaded('tab', [{ playlist: 'low', segment: segment(1), at: 0 }])
  expect(runs.of('tab')[0]?.neededAt).toBe(neededAt)
})
