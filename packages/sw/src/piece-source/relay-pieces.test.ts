import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import { expect, it, vi } from 'vitest'
import { ONLY_RELAY_STALL_MS, RELAY_BLOCK_MS, RELAY_REST_MS, RelayPieces } from './relay-pieces.ts'

const bytes = new Uint8Array([1, 2, 3])
const cid = CID.createV1(raw.code, create(0x12, createHash('sha256').update(bytes).digest())).toString()
const demand = { deadlineMs: 0, signal: new AbortController().signal }

/** Relays that answer with these statuses; the clock is the test's. */
function setup(statuses: Record<string, number>) {
  const time = { now: 1000 }
  const asked: string[] = []
  const fetch = (url: string): Promise<Response> => {
    const { origin } = new URL(url)
    asked.push(origin)
    const status = statuses[origin] ?? 404
    return Promise.resolve(new Response(status === 200 ? bytes : 'no', { status }))
  }
  const pieces = new RelayPieces({ fetch, clock: { now: () => time.now } }, Object.keys(statuses))
  return { time, asked, statuses, get: () => pieces.fetch({ cid }, demand) }
}

it('leaves a relay alone for some seconds after it said that it serves no content', async () => {
  const { time, asked, statuses, get } = setup({ 'http://a.test': 503, 'http://b.test': 200 })
  expect(await get()).toEqual({ bytes, source: 'http' })
  await get()
  expect(asked).toEqual(['http://a.test', 'http://b.test', 'http://b.test'])
  statuses['http://b.test'] = 503
  await expect(get()).rejects.toMatchObject({ reason: 'unavailable' })
  await expect(get()).rejects.toMatchObject({ reason: 'unavailable' })
  expect(asked).toHaveLength(4)
  time.now += RELAY_REST_MS
  statuses['http://a.test'] = 200
  expect(await get()).toEqual({ bytes, source: 'http' })
})

it('asks a relay again that only lacked the block, or failed otherwise', async () => {
  for (const status of [404, 500]) {
    const { asked, get } = setup({ 'http://a.test': status })
    await expect(get()).rejects.toThrow()
    await expect(get()).rejects.toThrow()
    expect(asked).toHaveLength(2)
  }
})

it('waits for a block as long as some of it comes, however slowly, and not for one that is stuck', async () => {
  vi.useFakeTimers()
  try {
    let signal: AbortSignal | null | undefined
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (stream = controller) })
    const fetch = (_: string, init: RequestInit): Promise<Response> => {
      signal = init.signal
      signal?.addEventListener('abort', () => stream?.error(signal?.reason))
      return Promise.resolve(new Response(body))
    }
    const pieces = new RelayPieces({ fetch, clock: { now: () => Date.now() } }, ['http://slow.test'])
    const fetched = pieces.fetch({ cid }, demand)
    const failed = expect(fetched).rejects.toMatchObject({ name: 'DeadlineError' })
    for (const byte of bytes.subarray(0, 2)) {
      await vi.advanceTimersByTimeAsync(ONLY_RELAY_STALL_MS - 1)
      stream?.enqueue(Uint8Array.of(byte))
    }
    await vi.advanceTimersByTimeAsync(ONLY_RELAY_STALL_MS - 1)
    expect(signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await failed
  } finally {
    vi.useRealTimers()
  }
})

it('does not wait for ever for one that sends a byte now and then', async () => {
  vi.useFakeTimers()
  try {
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (stream = controller) })
    const fetch = (_: string, { signal }: RequestInit): Promise<Response> => {
      signal?.addEventListener('abort', () => stream?.error(signal.reason))
      return Promise.resolve(new Response(body))
    }
    const pieces = new RelayPieces({ fetch, clock: { now: () => Date.now() } }, ['http://dripping.test'])
    const failed = expect(pieces.fetch({ cid }, demand)).rejects.toMatchObject({ name: 'DeadlineError' })
    const pause = ONLY_RELAY_STALL_MS / 2
    for (let ms = pause; ms < RELAY_BLOCK_MS; ms += pause) {
      await vi.advanceTimersByTimeAsync(pause)
      stream?.enqueue(Uint8Array.of(1))
    }
    await vi.advanceTimersByTimeAsync(pause)
    await failed
  } finally {
    vi.useRealTimers()
  }
})
