import { expect, it } from 'vitest'
import { readBounded } from './read-bounded.ts'

function body(...chunks: number[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const length of chunks) controller.enqueue(new Uint8Array(length).fill(length % 251))
      controller.close()
    },
  })
}

it.each([
  ['as long as declared', [10, 20], '30'],
  ['longer than declared', [10, 20, 100], '15'],
  ['shorter than declared', [10], '500'],
  ['of an undeclared length', [70_000, 70_000, 1], undefined],
  ['of a declared length that is no number', [10], 'many'],
  ['empty', [], '0'],
])('reads a body that is %s', async (_, chunks, length) => {
  const response = new Response(body(...chunks), length === undefined ? {} : { headers: { 'Content-Length': length } })
  const bytes = await readBounded(response, 1_000_000)
  expect([...bytes]).toEqual(chunks.flatMap((chunk) => Array.from({ length: chunk }, () => chunk % 251)))
  expect(bytes.buffer.byteLength).toBe(bytes.byteLength)
})

it('reads a short body of an undeclared length under a small bound', async () => {
  expect((await readBounded(new Response(body(10)), 100)).length).toBe(10)
})

it('reads no further than the bound, declared or not', async () => {
  await expect(readBounded(new Response(body(10), { headers: { 'Content-Length': '2000' } }), 1000)).rejects.toThrow(
    '2000',
  )
  let pulled = 0
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      pulled++
      controller.enqueue(new Uint8Array(300))
    },
  })
  await expect(readBounded(new Response(endless), 1000)).rejects.toMatchObject({ name: 'LimitError' })
  expect(pulled).toBeLessThan(8)
})
