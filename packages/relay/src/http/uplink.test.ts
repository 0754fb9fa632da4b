import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Uplink } from './uplink.ts'
import type { AnswerKind, UplinkAnswer } from './uplink.ts'

const MBIT = 8
/** What the line carries of answers, in bytes per second. */
const RATE = 0.92 * 1e6
const KIB = 1024

let uplink: Uplink

beforeEach(() => {
  vi.useFakeTimers()
  uplink = new Uplink({ now: () => Date.now(), setTimer: (callback, ms) => setTimeout(callback, ms) }, MBIT * 1e6)
})

afterEach(() => {
  vi.useRealTimers()
})

interface Answer {
  /** Its reader goes away. */
  readonly leave: () => void
  sent: number
  /** Seconds since the test's begin; undefined before it was whole. */
  doneAt: number | undefined
}

/** An answer that sends all it may. */
function answer(kind: AnswerKind, bytes: number, cid?: string): Answer {
  const began = Date.now()
  const turns: UplinkAnswer = uplink.begin(kind, cid)
  let isLeft = false
  const leave = (): void => {
    isLeft = true
    turns.end(false)
  }
  const state: Answer = { leave, sent: 0, doneAt: undefined }
  const send = async (): Promise<void> => {
    while (state.sent < bytes) {
      const slice = Math.min(turns.sliceBytes, bytes - state.sent)
      await turns.take(slice)
      // Nothing is left waiting, so that whoever sends it sees that nobody is there.
      if (isLeft) return
      state.sent += slice
    }
    state.doneAt = (Date.now() - began) / 1000
    turns.end(true)
  }
  void send()
  return state
}

const seconds = async (count: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(count * 1000)
}

test('answers share the line fairly, and no more than it carries is sent', async () => {
  const [one, two] = [answer('plain', 10e6), answer('plain', 10e6)]
  await seconds(4)
  expect(one.sent + two.sent).toBeGreaterThan(0.95 * 4 * RATE)
  expect(one.sent + two.sent).toBeLessThan(1.05 * 4 * RATE)
  expect(Math.abs(one.sent - two.sent)).toBeLessThan(100 * KIB)
})

test('a script hardly waits for a crowd, nor does what is small', async () => {
  for (let at = 0; at < 20; at++) answer('block', 1024 * KIB, `cid-${at}`)
  for (let at = 0; at < 5; at++) answer('plain', 10e6)
  await seconds(1)
  const [script, small] = [answer('script', 220 * KIB), answer('plain', 5_000)]
  await seconds(0)
  expect(small.doneAt).toBe(0)
  await seconds(2)
  // Alone it would take 0.25 s.
  expect(script.doneAt).toBeLessThan(0.5)
})

test('the files of a page go past blocks, and a long one does so at its begin only', async () => {
  for (let at = 0; at < 8; at++) answer('block', 10e6, `cid-${at}`)
  const long = answer('plain', 10e6)
  await seconds(2)
  // Half of the line, where fair turns had given a ninth.
  expect(long.sent / RATE).toBeGreaterThan(0.85)
  await seconds(4)
  const { sent } = long
  expect(sent).toBeGreaterThan(2 * 1024 * KIB)
  const picture = answer('plain', 200 * KIB)
  await seconds(1)
  expect(picture.doneAt).toBeLessThan(0.6)
  await seconds(3)
  expect(long.sent - sent).toBeLessThan(0.2 * 4 * RATE)
})

test('blocks have a ninth of the line, however many scripts and pages are asked for', async () => {
  for (let at = 0; at < 64; at++) answer('script', 30e6)
  for (let at = 0; at < 100; at++) answer('plain', 30e6)
  const block = answer('block', 20e6, 'film-1')
  await seconds(8)
  expect(block.sent / (8 * RATE)).toBeGreaterThan(0.09)
  expect(block.sent / (8 * RATE)).toBeLessThan(0.16)
})

test('blocks are sent one after the other, and have the turns of as many answers as they are', async () => {
  const plain = answer('plain', 30e6)
  // What a page's files have ahead of blocks is over.
  await seconds(3)
  const before = plain.sent
  const blocks = ['a', 'b', 'c'].map((cid) => answer('block', 500 * KIB, cid))
  await seconds(2)
  expect((plain.sent - before) / RATE).toBeGreaterThan(0.4)
  expect((plain.sent - before) / RATE).toBeLessThan(0.85)
  expect(blocks.map(({ doneAt }) => doneAt !== undefined)).toEqual([true, true, false])
  await seconds(1)
  expect(blocks[0]?.doneAt).toBeLessThan(1)
  expect(blocks[2]?.doneAt).toBeGreaterThan(1.5)
})

test('a block that was sent lately comes after those that were not, but it comes', async () => {
  answer('block', 1024 * KIB, 'film-1')
  await seconds(2)
  const again = answer('block', 1024 * KIB, 'film-1')
  const fresh = Array.from({ length: 10 }, (_, at) => answer('block', 1024 * KIB, `film-${at + 2}`))
  await seconds(10)
  // The line was idle when it asked.
  expect(again.sent).toBeLessThan(64 * KIB)
  const late = Array.from({ length: 10 }, (_, at) => answer('block', 1024 * KIB, `film-${at + 12}`))
  await seconds(4)
  expect(again.doneAt).toBeGreaterThan(10)
  expect(fresh.every(({ doneAt }) => doneAt !== undefined)).toBe(true)
  // These began ten seconds after it.
  const soonest = Math.min(...late.map(({ doneAt = Infinity }) => doneAt))
  expect(soonest).toBeGreaterThan((again.doneAt ?? Infinity) - 10)
  // Whoever got it two minutes ago may have left.
  await seconds(140)
  const once = answer('block', 1024 * KIB, 'film-1')
  const other = answer('block', 1024 * KIB, 'film-30')
  await seconds(3)
  expect(once.doneAt).toBeLessThan(other.doneAt ?? 0)
})

test('what nobody waits for any more is not sent, and does not count as sent', async () => {
  const [first, gone] = [answer('block', 1024 * KIB, 'a'), answer('block', 1024 * KIB, 'b')]
  const plain = answer('plain', 10e6)
  await seconds(0.1)
  gone.leave()
  plain.leave()
  await seconds(1.3)
  expect(first.doneAt).toBeLessThan(1.3)
  expect(gone.sent + plain.sent).toBeLessThan(120 * KIB)
  const [again, other] = [answer('block', 1024 * KIB, 'b'), answer('block', 1024 * KIB, 'c')]
  await seconds(3)
  expect(again.doneAt).toBeLessThan(other.doneAt ?? 0)
})

test('what goes past the turns is made up for, but never by half of the line', async () => {
  await seconds(1)
  uplink.passed(RATE)
  const plain = answer('plain', 30e6)
  await seconds(2)
  expect(plain.sent / RATE).toBeLessThan(1.2)
  await seconds(1)
  expect(plain.sent / RATE).toBeGreaterThan(1.8)
  const before = plain.sent
  for (let at = 0; at < 100; at++) {
    uplink.passed(RATE)
    await seconds(0.1)
  }
  expect((plain.sent - before) / RATE).toBeGreaterThan(4.5)
  expect((plain.sent - before) / RATE).toBeLessThan(6)
})

test('an answer that has ended takes turns of nobody', async () => {
  const crowd = Array.from({ length: 4 }, (_, at) => answer('block', 1024 * KIB, `cid-${at}`))
  for (const kind of ['plain', 'block', 'script'] as const) {
    const gone = uplink.begin(kind, 'gone')
    gone.end(false)
    for (let at = 0; at < 100; at++) await gone.take(gone.sliceBytes)
  }
  await seconds(5)
  expect(crowd.every(({ doneAt }) => doneAt !== undefined)).toBe(true)
})
