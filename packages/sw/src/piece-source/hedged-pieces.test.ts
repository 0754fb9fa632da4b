import { NotFoundError } from '@blackhole/protocol'
import type { Source } from '@blackhole/protocol'
import { testClock } from '@blackhole/testkit'
import { expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { HEDGE, PeerPace } from '../hedge.ts'
import { HedgedPieces } from './hedged-pieces.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

const piece: Piece = { cid: 'bafkpiece' }
const traits = { destination: 'script', bytes: 1000, ahead: 0 }

/** A source that answers when the test says so. */
class ManualSource implements PieceSource {
  readonly asked = Promise.withResolvers<undefined>()
  readonly #answer = Promise.withResolvers<FetchedPiece>()
  calls = 0
  aborted = false

  fetch(_: Piece, { signal }: PieceDemand): Promise<FetchedPiece> {
    this.calls++
    this.asked.resolve(undefined)
    signal.addEventListener('abort', () => {
      this.aborted = true
      this.#answer.reject(signal.reason as Error)
    })
    return this.#answer.promise
  }

  answer(source: Source): void {
    this.#answer.resolve({ bytes: new Uint8Array([1]), source })
  }

  fail(error: Error): void {
    this.#answer.reject(error)
  }
}

function setup(peerCount: number | undefined = 1): {
  clock: ReturnType<typeof testClock>
  peers: ManualSource
  http: ManualSource
  pace: PeerPace
  fetch: (signal?: AbortSignal) => Promise<FetchedPiece>
} {
  const time = testClock()
  const clock: Clock = { now: time.now, sleep: time.delay }
  const peers = new ManualSource()
  const http = new ManualSource()
  const pace = new PeerPace()
  const hedged = new HedgedPieces({ clock, peers, http, pace, peerCount: () => peerCount })
  return {
    clock: time,
    peers,
    http,
    pace,
    fetch: (signal = new AbortController().signal) => hedged.fetch(piece, { deadlineMs: 0, signal }, traits),
  }
}

it('leaves HTTP alone when peers answer within the head start', async () => {
  const { clock, peers, http, fetch } = setup()
  const fetched = fetch()
  await clock.advance(2 * HEDGE.assumedMs - 1)
  peers.answer('peers')
  expect((await fetched).source).toBe('peers')
  await clock.advance(10_000)
  expect(http.calls).toBe(0)
})

it('asks HTTP beside slow peers, and cancels whoever is slower', async () => {
  const { clock, peers, http, fetch } = setup()
  const fetched = fetch()
  await clock.advance(2 * HEDGE.assumedMs)
  expect([peers.calls, http.calls]).toEqual([1, 1])
  http.answer('http')
  expect((await fetched).source).toBe('http')
  expect(peers.aborted).toBe(true)
})

it('cancels HTTP when peers come first after all', async () => {
  const { clock, peers, http, fetch } = setup()
  const fetched = fetch()
  await clock.advance(1000)
  peers.answer('peers')
  expect((await fetched).source).toBe('peers')
  expect(http.aborted).toBe(true)
})

it('asks HTTP at once when peers have nothing', async () => {
  const { peers, http, fetch } = setup()
  const fetched = fetch()
  peers.fail(new NotFoundError('bafkpiece'))
  await http.asked.promise
  http.answer('http')
  expect((await fetched).source).toBe('http')
})

it('does not trouble a page that has no peers', async () => {
  const { peers, http, fetch } = setup(0)
  const fetched = fetch()
  http.answer('http')
  await fetched
  expect(peers.calls).toBe(0)
})

it('waits for peers when HTTP fails first', async () => {
  const { clock, peers, http, fetch } = setup()
  const fetched = fetch()
  await clock.advance(1000)
  http.fail(new Error('503'))
  peers.answer('peers')
  expect((await fetched).source).toBe('peers')
})

it('says what HTTP said when neither has it', async () => {
  const { peers, http, fetch } = setup()
  const fetched = fetch()
  peers.fail(new NotFoundError('bafkpiece'))
  http.fail(new Error('503'))
  await expect(fetched).rejects.toThrow('503')
})

it('cancels both when nobody needs the piece any more', async () => {
  const { clock, peers, http, fetch } = setup()
  const controller = new AbortController()
  const fetched = fetch(controller.signal)
  await clock.advance(1000)
  controller.abort(new Error('gone'))
  await expect(fetched).rejects.toThrow('gone')
  expect([peers.aborted, http.aborted]).toEqual([true, true])
})

it('learns that peers lose', async () => {
  const { clock, http, pace, fetch } = setup()
  for (let i = 0; i < 4; i++) pace.lost()
  const fetched = fetch()
  await clock.advance(HEDGE.minMs)
  http.answer('http')
  expect((await fetched).source).toBe('http')
  expect(pace.winning).toBe(false)
})
