import { expect, it, vi } from 'vitest'
import { OriginPieces } from './origin-pieces.ts'
import type { Piece } from './piece-source.ts'

const piece: Piece = { cid: 'bafkpiece', of: { pathname: '/film.mp4', offset: 0, length: 4, size: 8 } }

it('ends a request that brings nothing for as long as it may, and no other', async () => {
  vi.useFakeTimers()
  try {
    const signals: AbortSignal[] = []
    const streams: ReadableStreamDefaultController<Uint8Array>[] = []
    const fetch = (_: string, { signal }: RequestInit): Promise<Response> => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          streams.push(controller)
          signal?.addEventListener('abort', () => {
            controller.error(signal.reason)
          })
        },
      })
      if (signal) signals.push(signal)
      return Promise.resolve(new Response(body, { status: 206 }))
    }
    const pieces = new OriginPieces({ fetch, clock: { now: () => Date.now() } }, 'http://slow.test')
    const reader = new AbortController()
    const read = expect(pieces.fetch(piece, { deadlineMs: 0, signal: reader.signal })).rejects.toThrow('gone')
    const demand = { deadlineMs: Infinity, signal: new AbortController().signal, stallMs: 20_000 }
    const failed = expect(pieces.fetch(piece, demand)).rejects.toMatchObject({ name: 'DeadlineError' })
    await vi.advanceTimersByTimeAsync(19_999)
    streams[1]?.enqueue(Uint8Array.of(1))
    await vi.advanceTimersByTimeAsync(19_999)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
    await vi.advanceTimersByTimeAsync(1)
    await failed
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
    reader.abort(new Error('gone'))
    await read
  } finally {
    vi.useRealTimers()
  }
})
