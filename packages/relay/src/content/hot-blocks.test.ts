import { describe, expect, test } from 'vitest'
import { HOT_BLOCK_OVERHEAD_BYTES } from '../limits.ts'
import { HotBlocks } from './hot-blocks.ts'

const SIZE = 1000
const COST = SIZE + HOT_BLOCK_OVERHEAD_BYTES
const block = (fill = 0, size = SIZE): Uint8Array<ArrayBuffer> => new Uint8Array(size).fill(fill)

describe('HotBlocks', () => {
  test('holds no more than it may, however small the blocks are', () => {
    const hot = new HotBlocks({ maxBytes: 10 * COST })
    for (let at = 0; at < 1000; at += 1) hot.add(String(at), block(at, at % 7))
    expect(hot.bytes).toBeLessThanOrEqual(10 * COST)
    const held = Array.from({ length: 1000 }, (_, at) => hot.get(String(at))).filter((bytes) => bytes !== undefined)
    expect(held.length).toBeGreaterThan(10)
    expect(held.length * HOT_BLOCK_OVERHEAD_BYTES).toBeLessThanOrEqual(10 * COST)
  })

  test('what is asked for again stays while someone walks through everything', () => {
    const hot = new HotBlocks({ maxBytes: 10 * COST })
    hot.add('page', block(1))
    hot.add('passing', block(2))
    hot.get('page')
    for (let at = 0; at < 1000; at += 1) hot.add(String(at), block())
    expect(hot.get('page')?.[0]).toBe(1)
    expect(hot.get('passing')).toBeUndefined()
  })

  test('what comes back soon after it went is among the wanted at once', () => {
    const hot = new HotBlocks({ maxBytes: 10 * COST })
    for (let at = 0; at < 11; at += 1) hot.add(String(at), block())
    expect(hot.get('0')).toBeUndefined()
    hot.add('0', block(3))
    for (let at = 100; at < 108; at += 1) hot.add(String(at), block())
    expect(hot.get('0')?.[0]).toBe(3)
  })

  test('what nobody asks for any more goes in the end, though it was popular', () => {
    const hot = new HotBlocks({ maxBytes: 10 * COST })
    hot.add('old', block())
    for (let use = 0; use < 100; use += 1) hot.get('old')
    for (let at = 0; at < 200; at += 1) {
      hot.add(String(at), block())
      hot.get(String(at))
    }
    expect(hot.get('old')).toBeUndefined()
  })

  test('a part of a larger buffer does not keep that; what is larger than all is not held', () => {
    const hot = new HotBlocks({ maxBytes: 10 * COST })
    const pool = new Uint8Array(100 * SIZE).fill(5)
    hot.add('part', pool.subarray(SIZE, 2 * SIZE))
    expect(hot.get('part')?.buffer.byteLength).toBe(SIZE)
    hot.add('huge', block(0, 10 * COST))
    expect([hot.get('huge'), hot.bytes]).toEqual([undefined, COST])
    hot.delete('part')
    expect([hot.get('part'), hot.bytes]).toEqual([undefined, 0])
  })
})
