import { describe, expect, it } from 'vitest'
import { MAX_BLOCK_BYTES } from '@blackhole/protocol'
import { PieceTable } from './piece-table.ts'

describe('PieceTable', () => {
  it('gives a piece that versions share one number, until the last forgets it', () => {
    const table = new PieceTable()
    const one = table.add('one', ['a', 'b'], [10, 20])
    const two = table.add('two', ['b', 'c'])
    expect(one.pieces[1]).toBe(two.pieces[0])
    expect(two.indices.get(two.pieces[1] ?? -1)).toBe(1)
    expect(table.size(table.number('b') ?? -1)).toBe(20)
    expect(table.remove('one')).toEqual([one.pieces[0]])
    expect(table.number('a')).toBeUndefined()
    expect(table.number('b')).toBe(two.pieces[0])
    expect(table.add('three', ['d']).pieces).toEqual([one.pieces[0]])
    expect(table.size(one.pieces[0] ?? -1)).toBeUndefined()
    expect(table.cid(one.pieces[0] ?? -1)).toBe('d')
  })

  it('keeps a version as it was added first, and forgets unknown ones', () => {
    const table = new PieceTable()
    const first = table.add('one', ['a'])
    expect(table.add('one', ['b'])).toBe(first)
    expect(table.remove('two')).toEqual([])
  })

  it('believes no size that a block can not have', () => {
    const table = new PieceTable()
    table.add('one', ['a', 'b'], [MAX_BLOCK_BYTES + 1, -1])
    expect(table.size(table.number('a') ?? -1)).toBeUndefined()
    expect(table.size(table.number('b') ?? -1)).toBeUndefined()
  })
})
