import type { WorkerToPage } from '@blackhole/protocol'
import { expect, it } from 'vitest'
import type { HostDirectory } from '../host/host-directory.ts'
import { FAIL_AFTER_MS, StayAwake } from './stay-awake.ts'

/** Waits that end when the test says so. */
class Waits {
  readonly #waits: { readonly ms: number; readonly signal: AbortSignal | undefined; readonly end: () => void }[] = []

  nowMs = 0

  readonly clock = {
    now: () => this.nowMs,
    sleep: (ms: number, { signal }: { signal?: AbortSignal | undefined } = {}) =>
      new Promise<void>((resolve, reject) => {
        this.#waits.push({ ms, signal, end: resolve })
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      }),
  }

  /** Waits of this length that nobody has called off. */
  of(ms: number): (() => void)[] {
    return this.#waits.filter((wait) => wait.ms === ms && wait.signal?.aborted !== true).map(({ end }) => end)
  }
}

function awakeWith(endsByClock: boolean, pages: boolean): { awake: StayAwake; waits: Waits; said: WorkerToPage[] } {
  const waits = new Waits()
  const said: WorkerToPage[] = []
  const directory = {
    broadcast: (message) => {
      said.push(message)
    },
    host: () => Promise.resolve(undefined),
    hasPage: () => Promise.resolve(pages),
  } satisfies Pick<HostDirectory, 'broadcast' | 'host' | 'hasPage'>
  return { awake: new StayAwake({ clock: waits.clock, directory, endsByClock }), waits, said }
}

const body = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start: (stream) => {
      stream.enqueue(new Uint8Array(1))
    },
  })

it('fails what it streams when no event came for too long', async () => {
  const { awake, waits } = awakeWith(true, false)
  const failures: unknown[] = []
  const reader = awake.outgoing(body(), (...failure) => failures.push(failure)).body.getReader()
  await reader.read()
  const [first] = waits.of(FAIL_AFTER_MS)
  awake.event(0)
  expect(waits.of(FAIL_AFTER_MS), 'an event begins the time anew').toHaveLength(1)
  expect(waits.of(FAIL_AFTER_MS)).not.toContain(first)

  const read = reader.read()
  waits.of(FAIL_AFTER_MS)[0]?.()
  await expect(read).rejects.toMatchObject({ reason: 'timeout' })
  expect(failures).toEqual([[expect.objectContaining({ reason: 'timeout' }), 1]])
  await new Promise(setImmediate)
  awake.event(0)
  expect(waits.of(FAIL_AFTER_MS).length, 'nothing is left to be watched').toBeLessThanOrEqual(1)
})

it('counts from the last event, also when the response began long after it', async () => {
  const { awake, waits } = awakeWith(true, false)
  awake.event(1_000)
  waits.nowMs = 31_000
  const { body: watched } = awake.outgoing(body())
  expect(waits.of(FAIL_AFTER_MS - 30_000)).toHaveLength(1)
  expect(waits.of(FAIL_AFTER_MS)).toEqual([])
  // The event came while the worker was being started.
  awake.event(29_000)
  expect(waits.of(FAIL_AFTER_MS - 30_000)).toEqual([])
  expect(waits.of(FAIL_AFTER_MS - 2_000)).toHaveLength(1)
  await watched.cancel()
})

it('watches no longer when the reader has gone', async () => {
  const { awake, waits } = awakeWith(true, false)
  const { body: watched, taken } = awake.outgoing(body())
  await watched.cancel()
  await taken
  await new Promise(setImmediate)
  expect(waits.of(FAIL_AFTER_MS)).toEqual([])
})

it('leaves bodies alone where the browser tells of a worker that it ended', async () => {
  const { awake, waits } = awakeWith(false, false)
  const given = body()
  expect(awake.outgoing(given)).toEqual({ body: given })
  expect(waits.of(FAIL_AFTER_MS)).toEqual([])
  expect(await awake.isAlone()).toBe(false)
  expect(await awakeWith(true, false).awake.isAlone()).toBe(true)
  expect(await awakeWith(true, true).awake.isAlone()).toBe(false)
})

it('asks pages to keep it awake for as long as a slow reader takes, be it of one piece', async () => {
  const { awake, waits, said } = awakeWith(true, true)
  const { body: watched, taken } = awake.outgoing(body())
  expect(awake.busy).toBe(false)
  waits.of(5_000)[0]?.()
  await expect.poll(() => said).toEqual([{ type: 'busy', busy: true }])
  await watched.cancel()
  await taken
  await expect.poll(() => said.at(-1)).toEqual({ type: 'busy', busy: false })
})
