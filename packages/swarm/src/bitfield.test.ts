import { describe, expect, it } from 'vitest'
import { Bitfield } from './bitfield.ts'

describe('Bitfield', () => {
  it('adds, has, deletes and counts', () => {
    const field = new Bitfield()
    expect(field.add(1000)).toBe(true)
    expect(field.add(1000)).toBe(false)
    expect(field.add(3)).toBe(true)
    expect([...field]).toEqual([3, 1000])
    expect(field.count).toBe(2)
    expect(field.delete(3)).toBe(true)
    expect(field.delete(3)).toBe(false)
    expect(field.has(3)).toBe(false)
    expect(field.has(99_999)).toBe(false)
    expect(field.count).toBe(1)
  })

  it('has the wire form of BEP 3: most significant bit first, spare bits zero', () => {
    const field = new Bitfield(10)
    for (const index of [0, 7, 9]) field.add(index)
    expect(field.toBytes(10)).toEqual(new Uint8Array([0b1000_0001, 0b0100_0000]))
    expect([...Bitfield.fromBytes(field.toBytes(10), 10)]).toEqual([0, 7, 9])
  })

  it('is empty as no bytes', () => {
    expect(new Bitfield(10).toBytes(10)).toHaveLength(0)
    expect(Bitfield.fromBytes(new Uint8Array(0), 10).count).toBe(0)
    expect(Bitfield.fromBytes(new Uint8Array(0), 0).count).toBe(0)
  })

  it.each([
    ['one byte short', new Uint8Array(1)],
    ['one byte long', new Uint8Array(3)],
    ['with a spare bit', new Uint8Array([0, 0b0010_0000])],
  ])('refuses bytes %s', (_what, bytes) => {
    expect(() => Bitfield.fromBytes(bytes, 10)).toThrow(/bitfield/)
  })

  it('counts what it read', () => {
    expect(Bitfield.fromBytes(new Uint8Array([0xff, 0x80]), 9).count).toBe(9)
  })
})
