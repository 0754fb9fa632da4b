import { expect, it } from 'vitest'
import { UploadQueue } from './upload-queue.ts'

it('finds the oldest requests by the blocks that they are for', () => {
  const queue = new UploadQueue()
  const cids = ['a', 'a', 'b', 'a', 'b', 'c', 'a', 'd']
  for (const [id, cid] of cids.entries()) queue.add({ id, cid, offset: 0, end: 1, block: undefined, loading: false })
  const ids = (blocks: number, bytes = Infinity): number[] =>
    queue.first({ blocks, bytes }, ({ cid }) => (cid === 'b' ? 100 : 10)).map(({ id }) => id)
  expect(ids(1)).toEqual([0, 1])
  expect(ids(2)).toEqual([0, 1, 2, 3, 4])
  expect(ids(3)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(ids(3, 100)).toEqual([0, 1])
  expect(ids(3, 110)).toEqual([0, 1, 2, 3, 4])
  expect(ids(3, 1)).toEqual([0, 1])
  queue.delete(0)
  queue.delete(1)
  expect(ids(1)).toEqual([2])
})
