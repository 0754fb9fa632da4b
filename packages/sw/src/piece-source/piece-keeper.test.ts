import { parseSiteName } from '@blackhole/protocol'
import { MemoryPieceStore } from '@blackhole/swarm'
import { testClock } from '@blackhole/testkit'
import { expect, it } from 'vitest'
import { MAX_PENDING_BYTES, PieceKeeper, STORE_WAIT_MS } from './piece-keeper.ts'

const site = parseSiteName('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')
const MIB = 1024 * 1024
const FULL = MAX_PENDING_BYTES / MIB
const piece = new Uint8Array(MIB)

/** A store that finishes a put when the test says so. */
function setup(): {
  clock: ReturnType<typeof testClock>
  stored: string[]
  finish: (count: number) => Promise<void>
  keep: (
    cid: string,
    options?: { canWait?: boolean; signal?: AbortSignal },
  ) => { readonly isDone: boolean; readonly isKept?: boolean }
} {
  const clock = testClock()
  const store = new MemoryPieceStore()
  const puts: (() => void)[] = []
  const stored: string[] = []
  store.put = ([block]) =>
    new Promise((resolve) => {
      puts.push(() => {
        stored.push(block?.cid ?? '')
        resolve()
      })
    })
  const keeper = new PieceKeeper(
    { store, clock: { sleep: clock.delay }, keepAlive: () => undefined, onStored: () => undefined },
    site,
  )
  return {
    clock,
    stored,
    finish: async (count) => {
      for (const put of puts.splice(0, count)) put()
      await clock.advance(0)
    },
    keep: (cid, options = { canWait: true }) => {
      const state: { isDone: boolean; isKept?: boolean } = { isDone: false }
      void keeper.keep(cid, piece, options).then((isKept) => {
        state.isKept = isKept
        state.isDone = true
      })
      return state
    },
  }
}

it('holds a reader back when the store is behind, and keeps every piece', async () => {
  const { clock, stored, finish, keep } = setup()
  const pieces = Array.from({ length: FULL + 8 }, (_, index) => keep(String(index)))
  await clock.advance(0)
  expect(pieces.filter(({ isDone }) => isDone)).toHaveLength(FULL)
  for (let left = FULL + 8; left > 0; left -= 4) {
    await clock.advance(STORE_WAIT_MS / 4)
    await finish(4)
  }
  expect(pieces.every(({ isDone }) => isDone)).toBe(true)
  expect(new Set(stored).size).toBe(FULL + 8)
})

it('waits for a store that does nothing once, and no longer than its bound', async () => {
  const { clock, finish, keep } = setup()
  for (let index = 0; index < FULL; index++) keep(String(index))
  const late = keep('late')
  await clock.advance(STORE_WAIT_MS - 1)
  expect(late.isDone).toBe(false)
  await clock.advance(1)
  expect(late.isDone).toBe(true)
  const later = keep('later')
  await clock.advance(0)
  expect(later.isDone).toBe(true)
  // It moves again: it is waited for again.
  await finish(1)
  keep('one more')
  const last = keep('last')
  await clock.advance(0)
  expect(last.isDone).toBe(false)
})

it('makes nobody wait who can not, and keeps what they read in its reserve', async () => {
  const { clock, stored, finish, keep } = setup()
  for (let index = 0; index < FULL; index++) keep(String(index))
  const style = keep('style', {})
  await clock.advance(0)
  expect(style.isDone).toBe(true)
  await finish(FULL + 1)
  expect(stored).toContain('style')
})

it('says what it keeps, and what too much waits for', async () => {
  const { clock, keep } = setup()
  const pieces = Array.from({ length: FULL }, (_, index) => keep(String(index)))
  const late = keep('late')
  await clock.advance(STORE_WAIT_MS)
  expect([pieces.every(({ isKept }) => isKept), late.isKept]).toEqual([true, false])
})

it('ends the wait of a reader that has gone', async () => {
  const { clock, keep } = setup()
  for (let index = 0; index < FULL; index++) keep(String(index))
  const controller = new AbortController()
  const gone = keep('gone', { canWait: true, signal: controller.signal })
  controller.abort()
  await clock.advance(0)
  expect(gone.isDone).toBe(true)
})
