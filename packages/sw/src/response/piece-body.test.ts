import { PIECE_BYTES } from '@blackhole/protocol'
import { expect, it } from 'vitest'
import { BODY_WINDOW_BYTES, beyondAhead, pieceBody } from './piece-body.ts'
import type { BodyPart } from './piece-body.ts'

const KiB = 1024

interface Asked {
  readonly index: number
  readonly ahead: number
  readonly signal: AbortSignal
  answer: (bytes?: Uint8Array<ArrayBuffer>) => void
  fail: (error: Error) => void
}

/** Parts of 1 KiB each, whose pieces arrive when the test says so. */
function manualParts(count: number): { parts: BodyPart[]; asked: Asked[] } {
  const asked: Asked[] = []
  const parts = Array.from({ length: count }, (_, index): BodyPart => ({
    start: 0,
    end: KiB,
    fetch: (ahead, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<{ bytes: Uint8Array<ArrayBuffer>; source: 'http' }>()
      asked.push({
        index,
        ahead,
        signal,
        answer: (bytes = new Uint8Array(KiB).fill(index)) => {
          resolve({ bytes, source: 'http' })
        },
        fail: reject,
      })
      return promise
    },
  }))
  return { parts, asked }
}

it('puts parts together in order, whatever the order in which pieces arrive', async () => {
  const { parts, asked } = manualParts(3)
  const text = new Response(pieceBody([{ bytes: new Uint8Array([7]) }, ...parts])).bytes()
  await new Promise((resolve) => setImmediate(resolve))
  for (const { answer } of [...asked].reverse()) answer()
  const bytes = await text
  expect(bytes.length).toBe(1 + 3 * KiB)
  expect([bytes[0], bytes[1], bytes[1 + KiB], bytes[1 + 2 * KiB]]).toEqual([7, 0, 1, 2])
})

it('cuts the part out of its piece', async () => {
  const part: BodyPart = {
    start: 2,
    end: 4,
    fetch: () => Promise.resolve({ bytes: new Uint8Array([1, 2, 3, 4, 5]), source: 'local' }),
  }
  expect([...(await new Response(pieceBody([part])).bytes())]).toEqual([3, 4])
})

it('fetches ahead of the reader only as far as the window goes', async () => {
  const { parts, asked } = manualParts(10)
  const reader = pieceBody(parts, { windowBytes: 3 * KiB }).getReader()
  expect(asked.map(({ ahead }) => ahead)).toEqual([0, 1, 2])
  asked[0]?.answer()
  await reader.read()
  expect(asked.length).toBe(4)
  await new Promise((resolve) => setImmediate(resolve))
  // Nobody reads: nothing more is asked for.
  for (const { answer } of asked) answer()
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked.length).toBe(4)
  await reader.cancel()
})

it('fails when a piece can not be had, and never ends short', async () => {
  const { parts, asked } = manualParts(3)
  const ends: unknown[] = []
  const body = pieceBody(parts, { onEnd: (error) => ends.push(error) })
  const bytes = new Response(body).bytes()
  asked[0]?.answer()
  asked[1]?.fail(new Error('nobody has it'))
  asked[2]?.answer()
  await expect(bytes).rejects.toThrow('nobody has it')
  expect(ends).toEqual([expect.objectContaining({ message: 'nobody has it' })])
})

it('tells of a body that broke off, after how many bytes and why, and not of one whose reader has gone', async () => {
  const broken: unknown[] = []
  const onBroken = (error: unknown, delivered: number): void => {
    broken.push({ error, delivered })
  }
  const error = new Error('nobody has it')
  const { parts, asked } = manualParts(3)
  const bytes = new Response(pieceBody(parts, { onBroken })).bytes()
  asked[0]?.answer()
  asked[1]?.fail(error)
  await expect(bytes).rejects.toThrow(error)
  expect(broken).toEqual([{ error, delivered: KiB }])

  const reader = pieceBody(manualParts(3).parts, { onBroken }).getReader()
  const read = reader.read()
  await reader.cancel()
  await read
  expect(broken).toHaveLength(1)
})

it('fails when a piece is shorter than it must be', async () => {
  const { parts, asked } = manualParts(1)
  const bytes = new Response(pieceBody(parts)).bytes()
  asked[0]?.answer(new Uint8Array(10))
  await expect(bytes).rejects.toThrow('shorter')
})

it('aborts what is being fetched when the reader goes away', async () => {
  const { parts, asked } = manualParts(5)
  const ends: unknown[] = []
  const body = pieceBody(parts, { onEnd: (error) => ends.push(error) })
  await body.cancel('enough')
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.every(({ signal }) => signal.aborted)).toBe(true)
  expect(ends).toEqual(['enough'])
})

it('says once that it was delivered', async () => {
  const { parts, asked } = manualParts(1)
  const ends: unknown[] = []
  const bytes = new Response(pieceBody(parts, { onEnd: (error) => ends.push(error) })).bytes()
  asked[0]?.answer()
  await bytes
  expect(ends).toEqual([undefined])
})

it('knows what is read after the window, and in an answer of many small ranges no less than what was asked for', () => {
  const window = BODY_WINDOW_BYTES / PIECE_BYTES
  expect([beyondAhead(1, 0), beyondAhead(window, window - 1), beyondAhead(20, 3)]).toEqual([window, window, 24])
  expect([beyondAhead(5, 12), beyondAhead(1, 40)]).toEqual([5, 1])
})
