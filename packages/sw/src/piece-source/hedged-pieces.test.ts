import { NotFoundError } from '@blackhole/protocol'
import type { Source } from '@blackhole/protocol'
import { testClock } from '@blackhole/testkit'
import { expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { HedgeMemory } from '../hedge-memory.ts'
import { HEDGE } from '../hedge.ts'
import { HedgedPieces } from './hedged-pieces.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceSource } from './piece-source.ts'

const SERVER = 'http://relay.example'
const piece: Piece = { cid: 'bafkpiece' }
const traits = { destination: 'script', bytes: 1000, ahead: 0 }

/** A source that answers when the test says so. */
class ManualSource implements PieceSource {
  readonly asked = Promise.withResolvers<undefined>()
  readonly #answer = Promise.withResolvers<FetchedPiece>()
  calls = 0
  demand: PieceDemand | undefined
  aborted = false

  fetch(_: Piece, demand: PieceDemand): Promise<FetchedPiece> {
    const { signal } = demand
    this.demand = demand
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
  memory: HedgeMemory
  fetch: (signal?: AbortSignal) => Promise<FetchedPiece>
} {
  const time = testClock()
  const clock: Clock = { now: time.now, sleep: time.delay }
  const peers = new ManualSource()
  const http = new ManualSource()
  const state = { setting: () => Promise.resolve(undefined), setSetting: () => Promise.resolve() }
  const memory = new HedgeMemory({ state, now: time.now, keepAlive: () => undefined })
  const hedged = new HedgedPieces({
    ...{ clock, peers, http, memory },
    peerCount: () => peerCount,
    server: () => SERVER,
    random: () => 0,
    fetching: () => undefined,
    want: () => undefined,
    keep: () => Promise.resolve(true),
    unread: () => undefined,
  })
  return {
    clock: time,
    peers,
    http,
    memory,
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

it('waits for peers as long as those who hold it are said to need, and no longer than HTTP would', async () => {
  const { clock, peers, http, memory, fetch } = setup()
  memory.origin(SERVER).took(400, 1000, { firstByteMs: 400 })
  const fetched = fetch()
  peers.demand?.onPace?.({ rttMs: 100, bytesPerSecond: 1_000_000, queuedBytes: 0 })
  await clock.advance(299)
  expect(http.calls).toBe(0)
  await clock.advance(150)
  expect(http.calls).toBe(1)
  http.answer('http')
  await fetched
})

it('asks HTTP at once when the page tells that those who hold it are slower', async () => {
  const { clock, peers, http, memory, fetch } = setup()
  memory.origin(SERVER).took(100, 1000, { firstByteMs: 100 })
  const fetched = fetch()
  peers.demand?.onPace?.({ rttMs: 100, bytesPerSecond: 1_000_000, queuedBytes: 20_000_000 })
  await clock.advance(0)
  expect([peers.calls, http.calls]).toEqual([1, 1])
  http.answer('http')
  await fetched
})

it('leaves peers that are clearly slower alone, asks them when HTTP fails, and tries them again now and then', async () => {
  const { http, peers, memory, fetch } = setup()
  memory.origin(SERVER).took(50, 1000, { firstByteMs: 50 })
  for (let at = 0; at < 20; at++) memory.peers.took(5_000, 1000)
  http.answer('http')
  for (let at = 1; at < HEDGE.probeEvery; at++) await fetch()
  expect(peers.calls).toBe(0)
  await fetch()
  expect(peers.calls).toBe(1)

  const failing = setup()
  failing.memory.origin(SERVER).took(50, 1000, { firstByteMs: 50 })
  for (let at = 0; at < 20; at++) failing.memory.peers.took(5_000, 1000)
  failing.http.fail(new Error('503'))
  failing.peers.answer('peers')
  expect((await failing.fetch()).source).toBe('peers')
})

it('learns from both: peers that lose, a server that is cancelled', async () => {
  const { clock, http, memory, fetch } = setup()
  memory.peers.took(50, 1000)
  const before = memory.peers.expect(16 * 1024)?.ms ?? NaN
  const fetched = fetch()
  await clock.advance(1000)
  http.answer('http')
  await fetched
  expect(memory.peers.expect(16 * 1024)?.ms).toBeGreaterThan(before)

  const other = setup()
  other.memory.origin(SERVER).took(100, 1000, { firstByteMs: 100 })
  const known = other.memory.origin(SERVER).expect(1000)?.ms ?? NaN
  const won = other.fetch()
  await other.clock.advance(5_000)
  other.peers.answer('peers')
  await won
  expect(other.memory.origin(SERVER).expect(1000)?.ms).toBeGreaterThan(known)
  expect(other.memory.peers.expect(1000)?.ms).toBeGreaterThan(4_000)
})
