import { expect, it } from 'vitest'
import { watchedBody } from './watched-body.ts'

const whole = Uint8Array.from({ length: 200_000 }, (_, at) => at & 255)

/** A body of these pieces, and whether its reader has gone. */
function bodyOf(pieces: readonly Uint8Array<ArrayBuffer>[]): {
  body: ReadableStream<Uint8Array<ArrayBuffer>>
  cancelled: () => unknown
} {
  let reason: unknown
  const queue = [...pieces]
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(stream) {
        const piece = queue.shift()
        if (piece === undefined) stream.close()
        else stream.enqueue(piece)
      },
      cancel(because) {
        reason = because
      },
    },
    { highWaterMark: 0 },
  )
  return { body, cancelled: () => reason }
}

it('brings the same bytes, and is over when they were taken', async () => {
  const { body } = bodyOf([whole, new Uint8Array(0), whole])
  const watched = watchedBody(body, new AbortController().signal)
  let over = false
  void watched.taken.then(() => {
    over = true
  })
  const reader = watched.body.getReader()
  const got: Uint8Array<ArrayBuffer>[] = []
  for (let bytes = 0; bytes < 2 * whole.byteLength; bytes += got.at(-1)?.byteLength ?? 0)
    got.push((await reader.read()).value ?? new Uint8Array(0))
  expect(Buffer.concat(got).equals(Buffer.concat([whole, whole]))).toBe(true)
  expect(over).toBe(false)
  expect((await reader.read()).done).toBe(true)
  await watched.taken
})

it('fails in the middle of a piece, and lets go of the body', async () => {
  const { body, cancelled } = bodyOf([whole, whole])
  const controller = new AbortController()
  const failures: unknown[] = []
  const watched = watchedBody(body, controller.signal, (...failure) => failures.push(failure))
  const reader = watched.body.getReader()
  const first = (await reader.read()).value?.byteLength
  expect(first).toBeLessThan(whole.byteLength)
  const reason = new Error('It ends here')
  controller.abort(reason)
  await expect(reader.read()).rejects.toBe(reason)
  await watched.taken
  expect(cancelled()).toBe(reason)
  expect(failures).toEqual([[reason, first]])
})

it('passes on that the reader has gone, and that the body failed', async () => {
  const left = bodyOf([whole])
  const controller = new AbortController()
  const failures: unknown[] = []
  const watched = watchedBody(left.body, controller.signal, (...failure) => failures.push(failure))
  await watched.body.cancel('gone')
  await watched.taken
  expect(left.cancelled()).toBe('gone')
  controller.abort(new Error('Too late'))
  expect(failures, 'a reader that has gone is no failure').toEqual([])

  const failing = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: () => Promise.reject(new Error('No such piece')),
  })
  const failed = watchedBody(failing, new AbortController().signal)
  await expect(failed.body.getReader().read()).rejects.toThrow('No such piece')
  await failed.taken
})
