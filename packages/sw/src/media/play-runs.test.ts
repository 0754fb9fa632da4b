import { expect, it } from 'vitest'
import { PlayRuns } from './play-runs.ts'

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
