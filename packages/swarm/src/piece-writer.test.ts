import { expect, it } from 'vitest'
import { BATCH_BYTES, MAX_UNSTORED_BYTES, PieceWriter, PRESSED_BYTES, PRESSED_MS } from './piece-writer.ts'
import type { StoredBlock } from './piece-store.ts'

const MIB = 1024 * 1024

/** A writer whose clock, reader and disk the test turns by hand. */
function setup() {
  const state = { now: 1, pressed: true, hangs: false }
  const batches: string[][] = []
  const stored: string[] = []
  const failures: unknown[] = []
  const writer = new PieceWriter(
    {
      store: {
        put: async (blocks: readonly StoredBlock[]) => {
          batches.push(blocks.map(({ cid }) => cid))
          if (state.hangs) await new Promise(() => undefined)
          if (blocks.some(({ cid }) => cid === 'bad')) throw new Error('full')
        },
      },
      now: () => state.now,
      isPressed: () => state.pressed,
      stored: (cids) => stored.push(...cids),
      failed: (error) => failures.push(error),
    },
    'site',
  )
  const bytes = new Uint8Array(MIB)
  const add = (...cids: string[]): void => {
    for (const cid of cids) {
      const isKept = writer.add(cid, { bytes, peers: [] })
      expect(isKept).toBe(writer.pending(cid) !== undefined)
    }
  }
  return { state, batches, stored, failures, writer, add }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `piece-${String(index)}`)

it('stores at once when nobody waits for more', async () => {
  const { state, add, stored, writer } = setup()
  state.pressed = false
  add('a')
  await writer.settled()
  expect(stored).toEqual(['a'])
})

it('leaves the way to pieces that somebody waits for, and stores when they are there', async () => {
  const { state, add, batches, stored, writer } = setup()
  add('a', 'b', 'c')
  writer.run()
  expect(batches).toEqual([])
  expect(writer.pending('b')?.bytes.byteLength).toBe(MIB)
  state.pressed = false
  writer.run()
  await writer.settled()
  expect(batches).toEqual([['a', 'b', 'c']])
  expect(stored).toEqual(['a', 'b', 'c'])
  expect(writer.pending('b')).toBeUndefined()
})

it('stores under pressure what has waited long, or is much, in batches of a few pieces', async () => {
  const { state, add, batches } = setup()
  add('old')
  state.now += PRESSED_MS
  add('new')
  await Promise.resolve()
  expect(batches).toEqual([['old', 'new']])
  const many = setup()
  many.add(...names(PRESSED_BYTES / MIB))
  expect(many.batches).toEqual([names(BATCH_BYTES / MIB)])
})

it('stores all of it when the swarm stops, and goes on after a failure', async () => {
  const { add, stored, failures, writer } = setup()
  add('bad', ...names(9))
  await writer.settled()
  expect(failures).toHaveLength(1)
  expect(stored).toEqual(names(9).slice(3))
  expect(writer.pending('bad')).toBeUndefined()
})

it('keeps no more than so much when the disk takes nothing', () => {
  const { state, add, writer } = setup()
  state.hangs = true
  add(...names(100))
  expect(names(100).filter((cid) => writer.pending(cid) !== undefined)).toHaveLength(MAX_UNSTORED_BYTES / MIB)
  expect(writer.isFull).toBe(true)
})
