import { describe, expect, it } from 'vitest'
import { REQUEST_BYTES } from '@blackhole/protocol'
import { guilty } from './blame.ts'
import { PieceAssembly } from './piece-assembly.ts'

const SIZE = 3 * REQUEST_BYTES + 100

/** Bytes with a value of their own. */
function fill(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value)
}

describe('PieceAssembly', () => {
  it('asks for the beginning alone until it knows the size', () => {
    const assembly = new PieceAssembly()
    const first = assembly.nextMissing()
    expect(first).toEqual({ start: 0, end: REQUEST_BYTES })
    assembly.requested({ start: 0, end: REQUEST_BYTES }, 'a', 0)
    expect(assembly.nextMissing()).toBeUndefined()
    assembly.setSize(SIZE)
    expect(assembly.nextMissing()).toEqual({ start: REQUEST_BYTES, end: 2 * REQUEST_BYTES })
    assembly.released({ start: 0 }, 'a')
    expect(assembly.nextMissing()).toEqual({ start: 0, end: REQUEST_BYTES })
  })

  it('is complete when all its bytes have come', () => {
    const assembly = new PieceAssembly(SIZE)
    for (let start = 0; start < SIZE; start += REQUEST_BYTES) {
      expect(assembly.isComplete).toBe(false)
      assembly.write(start, fill(Math.min(REQUEST_BYTES, SIZE - start), 1), 'a')
    }
    expect(assembly.isComplete).toBe(true)
    expect(assembly.received).toBe(SIZE)
    expect(assembly.contributors).toEqual(['a'])
  })

  it('is complete with nothing when it is empty', () => {
    const assembly = new PieceAssembly()
    expect(assembly.isComplete).toBe(false)
    assembly.setSize(0)
    expect(assembly.isComplete).toBe(true)
  })

  it('asks for the rest of what a lost peer began', () => {
    const assembly = new PieceAssembly(SIZE)
    assembly.requested({ start: 0, end: REQUEST_BYTES }, 'a', 0)
    assembly.write(0, fill(1000, 1), 'a')
    assembly.released({ start: 0 }, 'a')
    expect(assembly.nextMissing()).toEqual({ start: 1000, end: REQUEST_BYTES })
  })

  it('keeps what came first when a part comes twice, and knows whose it is', () => {
    const assembly = new PieceAssembly(SIZE)
    assembly.write(0, fill(1000, 1), 'a')
    assembly.write(0, fill(1500, 2), 'b')
    assembly.write(0, fill(1200, 3), 'c')
    expect(assembly.segments).toEqual([
      { start: 0, end: 1000, peer: 'a' },
      { start: 1000, end: 1500, peer: 'b' },
    ])
    expect(assembly.bytes[999]).toBe(1)
    expect(assembly.bytes[1000]).toBe(2)
    expect(assembly.bytes[1500]).toBe(0)
  })

  it('takes nothing past a gap or past its end', () => {
    const assembly = new PieceAssembly(100)
    assembly.write(50, fill(10, 1), 'a')
    assembly.write(1_000_000, fill(10, 1), 'a')
    expect(assembly.received).toBe(0)
    assembly.write(0, fill(500, 1), 'a')
    expect(assembly.received).toBe(100)
  })

  it('names what is under way, the last first', () => {
    const assembly = new PieceAssembly(SIZE)
    for (let start = 0; start < SIZE; start += REQUEST_BYTES)
      assembly.requested({ start, end: start + REQUEST_BYTES }, 'a', 1_000)
    assembly.requested({ start: 0, end: REQUEST_BYTES }, 'b', 2_000)
    const pending = [...assembly.pending()]
    expect(pending[0]).toEqual({ start: 3 * REQUEST_BYTES, end: SIZE, askers: ['a'], askedAt: 1_000 })
    expect(pending.at(-1)).toMatchObject({ askers: ['a', 'b'], askedAt: 1_000 })
  })
})

describe('guilty', () => {
  const good = fill(3000, 7)
  const segments = [
    { start: 0, end: 1000, peer: 'a' },
    { start: 1000, end: 2000, peer: 'b' },
    { start: 2000, end: 3000, peer: 'c' },
  ]

  it('names exactly the peers whose bytes differ', () => {
    const bytes = good.slice()
    bytes[1500] = 8
    expect(guilty({ bytes, segments }, good)).toEqual(['b'])
    bytes[2999] = 8
    expect(guilty({ bytes, segments }, good)).toEqual(['b', 'c'])
  })

  it('names nobody for bytes that are right or can not be compared', () => {
    expect(guilty({ bytes: good, segments }, good)).toEqual([])
    expect(guilty({ bytes: good.subarray(1), segments }, good)).toEqual([])
  })
})
