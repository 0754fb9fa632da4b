import { PIECE_BYTES } from '@blackhole/protocol'
import { expect, it } from 'vitest'
import { fileBody } from './file-body.ts'
import type { BlockFetchOptions, FetchedBlock } from '../peer/block-provider.ts'

const pieces = Array.from({ length: 20 }, (_, index) => `piece-${String(index)}`)
const file = { cid: 'file', size: pieces.length * PIECE_BYTES, type: 'application/octet-stream', pieces }

it('wants each piece later than those before it, whenever it is asked for', async () => {
  const wanted: number[] = []
  let now = 0
  const get = (cid: string, { deadlineMs = 0 }: BlockFetchOptions = {}): Promise<FetchedBlock> => {
    wanted[pieces.indexOf(cid)] = now + deadlineMs
    return Promise.resolve({ bytes: new Uint8Array(PIECE_BYTES), source: 'peers' })
  }
  const body = fileBody({ get }, file, [{ start: 0, end: file.size }], undefined, undefined)
  let bytes = 0
  for await (const part of body) {
    bytes += part.byteLength
    now += 10
  }
  expect(bytes).toBe(file.size)
  expect(wanted).toEqual(wanted.toSorted((a, b) => a - b))
  expect(new Set(wanted).size).toBe(pieces.length)
})

it('holds at most 8 MiB that nobody has read', async () => {
  const asked: string[] = []
  const get = (cid: string): Promise<FetchedBlock> => {
    asked.push(cid)
    return Promise.resolve({ bytes: new Uint8Array(PIECE_BYTES), source: 'peers' })
  }
  const reader = fileBody({ get }, file, [{ start: 0, end: file.size }], undefined, undefined).getReader()
  await reader.read()
  await new Promise((resolve) => setTimeout(resolve))
  // One that was read, and eight ahead.
  expect(asked.length).toBe(9)
  await reader.cancel()
})
