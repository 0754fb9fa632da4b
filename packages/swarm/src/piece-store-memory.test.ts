import { pieceStoreSuite } from '@blackhole/testkit/suites/piece-store'
import { describe, expect, it } from 'vitest'
import { MemoryPieceStore } from './piece-store-memory.ts'

pieceStoreSuite('MemoryPieceStore', ({ maxBytes, now }) =>
  Promise.resolve({ store: new MemoryPieceStore({ now }, { maxBytes }), teardown: () => Promise.resolve() }),
)

describe('MemoryPieceStore', () => {
  it('names the option that is out of bounds', () => {
    expect(() => new MemoryPieceStore({}, { maxBytes: 0 })).toThrow(/maxBytes/)
  })
})
