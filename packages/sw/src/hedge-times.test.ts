import { expect, it } from 'vitest'
import { HedgeMemory, HEDGE_SETTING } from './hedge-memory.ts'
import { PathTimes } from './hedge-times.ts'

const MB = 1_000_000

function server(waitMs: number, bytesPerSecond: number): PathTimes {
  const times = new PathTimes()
  for (const bytes of [MB, 20_000, MB, 300_000, 2_000, MB, MB, MB, MB, MB, MB, MB])
    times.took(waitMs + (bytes / bytesPerSecond) * 1000, bytes, { firstByteMs: waitMs })
  return times
}

it('tells what small and large take, as a wait and a rate', () => {
  const times = server(40, 2 * MB)
  expect(times.expect(1000)?.ms).toBeCloseTo(40, -1)
  expect(times.expect(MB)?.ms).toBeGreaterThan(500)
  expect(times.expect(MB)?.ms).toBeLessThan(600)
})

it('is late sooner the steadier it is', () => {
  const [steady, shaky] = [new PathTimes(), new PathTimes()]
  for (let at = 0; at < 40; at++) {
    steady.took(100, 1000, { firstByteMs: 100 })
    const ms = at % 2 === 0 ? 20 : 180
    shaky.took(ms, 1000, { firstByteMs: ms })
  }
  expect(steady.expect(1000)?.lateMs).toBeLessThan(130)
  expect(steady.expect(1000)?.earlyMs).toBeGreaterThan(80)
  expect(shaky.expect(1000)?.lateMs).toBeGreaterThan(250)
})

it('takes no piece to be slower than a minute, but many pieces', () => {
  const times = new PathTimes()
  const mebibyte = 1024 * 1024
  for (let at = 0; at < 20; at++) times.took(30_000, mebibyte, { firstByteMs: 40 })
  expect(times.expect(mebibyte)?.ms).toBeGreaterThan(25_000)
  expect(times.expect(28 * mebibyte)?.ms).toBeGreaterThan(28 * 25_000)
  for (let at = 0; at < 20; at++) times.took(600_000, mebibyte, { firstByteMs: 40 })
  expect(times.expect(mebibyte)?.ms).toBe(60_000)
  expect(times.expect(1_000)?.ms).toBeLessThanOrEqual(60_000)
})

it('follows a change within a few answers, and is not thrown by a single one', () => {
  const times = server(40, 2 * MB)
  times.took(30_000, 1000, { firstByteMs: 40 })
  expect(times.expect(1000)?.ms).toBeLessThan(100)
  for (let at = 0; at < 12; at++) times.took(400, 1000, { firstByteMs: 400 })
  expect(times.expect(1000)?.ms).toBeGreaterThan(300)
})

it('goes by those who hold the piece, where their pace is known', () => {
  const times = new PathTimes()
  expect(times.expect(MB)).toBeUndefined()
  const fast = { rttMs: 20, bytesPerSecond: 10 * MB, queuedBytes: 0 }
  expect(times.expect(MB, fast)?.ms).toBeCloseTo(120)
  expect(times.expect(MB, { ...fast, queuedBytes: 4 * MB })?.ms).toBeCloseTo(520)
  for (let at = 0; at < 30; at++) times.took(240, MB, { pace: fast })
  // They take twice as long as their pace promises: it is believed by half from then on.
  expect(times.expect(MB, fast)?.ms).toBeCloseTo(240, -1)
})

it('takes a broken off answer for no shorter than it was', () => {
  const times = server(100, MB)
  const before = times.expect(1000)?.ms ?? NaN
  times.tookMoreThan(50, 1000)
  expect(times.expect(1000)?.ms).toBe(before)
  times.tookMoreThan(700, 1000)
  expect(times.expect(1000)?.ms).toBeGreaterThan(before)
  const unknown = new PathTimes()
  unknown.tookMoreThan(700, 1000)
  expect(unknown.expect(1000)?.ms).toBeGreaterThanOrEqual(700)
})

it('is kept over runs of the worker, and begins anew when what was kept is damaged', async () => {
  const settings = new Map<string, unknown>()
  let now = 0
  const create = async (): Promise<HedgeMemory> => {
    const memory = new HedgeMemory({
      state: {
        setting: (name) => Promise.resolve(settings.get(name) as string | undefined),
        setSetting: (name, value) => Promise.resolve(void settings.set(name, value)),
      },
      now: () => now,
      keepAlive: () => undefined,
    })
    await memory.restore()
    return memory
  }
  const first = await create()
  first.peers.took(70, 1000)
  for (let at = 0; at < 20; at++) first.origin(`https://${String(at)}.example`).took(40, 1000, { firstByteMs: 40 })
  first.changed()
  const written = settings.get(HEDGE_SETTING)
  first.peers.took(7000, 1000)
  first.changed()
  expect(settings.get(HEDGE_SETTING)).toBe(written)
  now += 60_000

  const next = await create()
  expect(next.peers.expect(1000)?.ms).toBeCloseTo(70)
  expect(next.origin('https://19.example').expect(1000)?.ms).toBeGreaterThan(0)
  expect(next.origin('https://0.example').expect(1000)).toBeUndefined()
  for (const damaged of [
    '{',
    '[]',
    '7',
    '{"peers":{"waitMs":-1}}',
    '{"peers":{"waitMs":1e999},"origins":7}',
    'x'.repeat(9000),
  ]) {
    settings.set(HEDGE_SETTING, damaged)
    expect((await create()).peers.expect(1000)).toBeUndefined()
  }
})
