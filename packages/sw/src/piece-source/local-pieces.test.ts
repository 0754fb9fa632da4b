import { NotFoundError, parseSiteName } from '@blackhole/protocol'
import { MemoryPieceStore } from '@blackhole/swarm'
import { testClock } from '@blackhole/testkit'
import { expect, it } from 'vitest'
import { LocalPieces } from './local-pieces.ts'
import { PieceKeeper } from './piece-keeper.ts'

const site = parseSiteName('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')
const bytes = new Uint8Array([1, 2, 3])

function keeperOf(store: MemoryPieceStore): PieceKeeper {
  const clock = { sleep: testClock().delay }
  return new PieceKeeper({ store, clock, keepAlive: () => undefined, onStored: () => undefined }, site)
}

it('asks the store, unless it just said that it has it not', async () => {
  const store = new MemoryPieceStore()
  await store.put([{ cid: 'a', bytes, site }])
  const pieces = new LocalPieces(store, keeperOf(store))
  expect(await pieces.fetch({ cid: 'a' })).toEqual({ bytes, source: 'local' })
  await expect(pieces.fetch({ cid: 'a' }, { missing: true })).rejects.toBeInstanceOf(NotFoundError)
})

it('has what is on its way into the store, whatever the store said', async () => {
  const store = new MemoryPieceStore()
  store.put = () => new Promise(() => undefined)
  const keeper = keeperOf(store)
  void keeper.keep('a', bytes)
  const pieces = new LocalPieces(store, keeper)
  expect(await pieces.fetch({ cid: 'a' }, { missing: true })).toEqual({ bytes, source: 'local' })
})
