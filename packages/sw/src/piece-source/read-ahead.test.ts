import { DeadlineError, NotFoundError } from '@blackhole/protocol'
import type { Source } from '@blackhole/protocol'
import { testClock } from '@blackhole/testkit'
import { expect, it } from 'vitest'
import { HedgeMemory } from '../hedge-memory.ts'
import { ResponseProgress } from '../response/response-progress.ts'
import { ReadAhead } from './read-ahead.ts'
import type { LaterHolders, WantLaterOptions } from './later-pieces.ts'
import type { FetchedPiece, Piece, PieceDemand, PieceHolders, PieceSource } from './piece-source.ts'

const SERVER = 'http://relay.example'
const MIB = 1024 * 1024
const HELD: PieceHolders = { held: true, coming: false, pace: undefined }
const COMING: PieceHolders = { held: false, coming: true, pace: undefined }
const NOBODY: PieceHolders = { held: false, coming: false, pace: undefined }

/** A source that answers when the test says so. */
class ManualSource implements PieceSource {
  readonly asked: string[] = []
  readonly aborted: string[] = []
  readonly demands = new Map<string, PieceDemand>()
  readonly #open = new Map<string, { demand: PieceDemand; settle: PromiseWithResolvers<FetchedPiece> }>()

  fetch({ cid }: { cid: string }, demand: PieceDemand): Promise<FetchedPiece> {
    this.asked.push(cid)
    this.demands.set(cid, demand)
    const settle = Promise.withResolvers<FetchedPiece>()
    this.#open.set(cid, { demand, settle })
    demand.signal.addEventListener('abort', () => {
      this.aborted.push(cid)
      settle.reject(demand.signal.reason as Error)
    })
    return settle.promise
  }

  tell(holders: PieceHolders, ...cids: string[]): void {
    for (const cid of cids) this.#open.get(cid)?.demand.onHolders?.(holders)
  }

  answer(source: Source, ...cids: string[]): void {
    for (const cid of cids) this.#open.get(cid)?.settle.resolve({ bytes: new Uint8Array(MIB), source })
  }

  fail(error: Error, cid: string): void {
    this.#open.get(cid)?.settle.reject(error)
  }
}

interface World {
  readonly clock: ReturnType<typeof testClock>
  readonly peers: ManualSource
  readonly http: ManualSource
  readonly memory: HedgeMemory
  readonly claims: string[]
  /** What the page is to get that nobody waits for yet. */
  readonly wanted: { cids: readonly string[]; tell: WantLaterOptions['onHolders'] }[]
  readonly kept: string[]
  /** Asks for pieces `0`, `1` and so on of one response, as a body does. */
  readonly read: (
    count: number,
    options?: { destination?: string; signal?: AbortSignal; rest?: number; spareMs?: number },
  ) => Promise<FetchedPiece>[]
}

/** HTTP is known to take 10 ms and 100 ms per MiB, unless told otherwise. */
function setup({
  random = () => 0,
  isHttpKnown = true,
  peerCount = 3,
}: { random?: () => number; isHttpKnown?: boolean; peerCount?: number } = {}): World {
  const time = testClock()
  const clock = { now: time.now, sleep: time.delay }
  const [peers, http] = [new ManualSource(), new ManualSource()]
  const state = { setting: () => Promise.resolve(undefined), setSetting: () => Promise.resolve() }
  const memory = new HedgeMemory({ state, now: time.now, keepAlive: () => undefined })
  for (let at = 0; isHttpKnown && at < 100; at++) memory.origin(SERVER).took(110, MIB, { firstByteMs: 10 })
  const claims: string[] = []
  const wanted: World['wanted'] = []
  const kept: string[] = []
  const ahead = new ReadAhead({
    ...{ peers, http, clock, memory, random },
    peerCount: () => peerCount,
    server: () => SERVER,
    fetching: (cids, over) => claims.push(...cids.map((cid) => (over ? `${cid} over` : cid))),
    want: (cids, { onHolders }) => wanted.push({ cids, tell: onHolders }),
    keep: (cid) => Promise.resolve(kept.push(cid) > 0),
    unread: () => undefined,
  })
  const read: World['read'] = (count, options = {}) => {
    const { destination = '', signal = new AbortController().signal, rest = 0, spareMs } = options
    const progress = new ResponseProgress(time.now())
    const pieceOf = (at: number): Piece => {
      return { cid: String(at), of: { pathname: '/film.mp4', offset: at * MIB, length: MIB, size: 30 * MIB } }
    }
    const later = Array.from({ length: rest }, (_, at) => pieceOf(count + at))
    return Array.from({ length: count }, async (_, at) => {
      const bytes = (count + rest) * MIB
      const traits = { destination, bytes, ahead: at, progress, rest: () => later, spareMs }
      return await ahead.fetch(pieceOf(at), { deadlineMs: 0, signal }, traits)
    })
  }
  return { clock: time, peers, http, memory, claims, wanted, kept, read }
}

it('asks nobody twice: what peers send in time never goes over HTTP', async () => {
  const { clock, peers, http, read } = setup()
  const pieces = read(4)
  peers.tell(HELD, '0', '1', '2', '3')
  for (const cid of ['0', '1', '2', '3']) {
    await clock.advance(90)
    peers.answer('peers', cid)
    await clock.advance(0)
  }
  expect((await Promise.all(pieces)).map(({ source }) => source)).toEqual(['peers', 'peers', 'peers', 'peers'])
  expect(http.asked).toEqual([])
})

it('gets what nobody has over HTTP, the first at once and then one after the other, in an order of its own, and says so', async () => {
  const { clock, peers, http, claims, read } = setup({ random: () => 0.99 })
  const pieces = read(8)
  peers.tell(NOBODY, '0', '1', '2', '3', '4', '5', '6', '7')
  await clock.advance(0)
  expect(http.asked).toEqual(['0'])
  http.answer('http', '0')
  await clock.advance(0)
  // The next is first now, and takes the only lane: HTTP has a short wait.
  expect(http.asked).toEqual(['0', '1'])
  peers.tell(COMING, '1', '2', '3')
  http.answer('http', '1')
  await clock.advance(0)
  // Others are getting 2 and 3: of 4 to 7 it takes what the dice say.
  expect(http.asked).toEqual(['0', '1', '7'])
  expect(claims).toEqual(['0', '1', '7'])
  peers.answer('peers', '2', '3', '4', '5', '6')
  http.answer('http', '7')
  await Promise.all(pieces)
  expect(http.asked).toEqual(['0', '1', '7'])
})

it('gives HTTP the last pieces, in place of the peers, while HTTP alone would be further', async () => {
  const { clock, peers, http, read } = setup()
  const pieces = read(4)
  peers.tell(HELD, '0', '1', '2', '3')
  await clock.advance(250)
  // Peers have sent nothing, HTTP would have sent two.
  expect(http.asked).toEqual(['3'])
  expect(peers.aborted).toEqual(['3'])
  peers.answer('peers', '0', '1')
  await clock.advance(50)
  http.answer('http', '3')
  await clock.advance(50)
  // Three of four at 350 ms: not behind any more.
  expect(http.asked).toEqual(['3'])
  peers.answer('peers', '2')
  expect((await Promise.all(pieces)).map(({ source }) => source)).toEqual(['peers', 'peers', 'peers', 'http'])
})

it('does not wait for peers that say that it is coming any longer than HTTP would take', async () => {
  const { clock, peers, http, read } = setup()
  const pieces = read(2)
  peers.tell(COMING, '0', '1')
  await clock.advance(100)
  expect(http.asked).toEqual([])
  await clock.advance(50)
  expect(http.asked).toEqual(['0'])
  http.answer('http', '0')
  await clock.advance(150)
  expect(http.asked).toEqual(['0', '1'])
  http.answer('http', '1')
  expect((await Promise.all(pieces)).map(({ source }) => source)).toEqual(['http', 'http'])
})

it('lets peers send what comes later, and gets over HTTP what nobody has of all that is left', async () => {
  const { clock, peers, http, claims, wanted, kept, read } = setup({ random: () => 0.99 })
  const holders = (change: Partial<LaterHolders>): LaterHolders => {
    return { here: false, held: false, coming: false, ...change }
  }
  void read(2, { rest: 4 })
  expect(wanted.map(({ cids }) => cids)).toEqual([['2', '3', '4', '5']])
  peers.tell(HELD, '0', '1')
  wanted[0]?.tell([holders({}), holders({}), holders({ held: true }), holders({ coming: true })])
  await clock.advance(0)
  expect([http.asked, claims]).toEqual([['3'], ['3']])
  http.answer('http', '3')
  await clock.advance(0)
  expect([http.asked, kept]).toEqual([['3', '2'], ['3']])
  http.answer('http', '2')
  await clock.advance(0)
  // All that is left is held or coming.
  expect([http.asked, kept, peers.aborted]).toEqual([['3', '2'], ['3', '2'], []])
})

it('that has fallen behind gets over HTTP what peers would send last, and stops nobody who sends', async () => {
  const { clock, peers, http, wanted, read } = setup()
  void read(2, { rest: 2 })
  peers.tell(HELD, '0', '1')
  wanted[0]?.tell(Array.from({ length: 2 }, () => ({ here: false, held: true, coming: false })))
  await clock.advance(250)
  expect([http.asked, peers.aborted]).toEqual([['2'], []])
})

it('alone has everything in order, few pieces at a time, and asks before the page says that nobody has it', async () => {
  const { clock, peers, http, wanted, read } = setup({ peerCount: 0, random: () => 0.99, isHttpKnown: false })
  void read(8, { rest: 8 })
  await clock.advance(0)
  expect([http.asked, wanted]).toEqual([['0', '1'], []])
  peers.tell(NOBODY, '0', '1', '2', '3', '4', '5', '6', '7')
  for (const cid of ['0', '1', '2']) {
    http.answer('http', cid)
    await clock.advance(0)
  }
  expect(http.asked).toEqual(['0', '1', '2', '3', '4'])
})

it('has what it reads first from HTTP while no peer has or is getting any of it', async () => {
  const { clock, peers, http, wanted, read } = setup({ random: () => 0.99, isHttpKnown: false })
  void read(3, { rest: 3 })
  const nobody: LaterHolders = { here: false, held: false, coming: false }
  wanted[0]?.tell([nobody, nobody, nobody])
  peers.tell(NOBODY, '0', '1', '2')
  await clock.advance(0)
  expect(http.asked).toEqual(['0', '1'])
  // One has come who is getting a later one: now they share them out.
  wanted[0]?.tell([nobody, { ...nobody, coming: true }, nobody])
  http.answer('http', '1')
  await clock.advance(0)
  expect(http.asked).toEqual(['0', '1', '5'])
})

it('waits for a page that says nothing no longer than for one that is stuck', async () => {
  const { clock, http, memory, read } = setup({ isHttpKnown: false })
  for (let at = 0; at < 100; at++) memory.origin(SERVER).took(20_000, MIB, { firstByteMs: 10 })
  void read(2)
  await clock.advance(1_900)
  expect(http.asked).toEqual([])
  await clock.advance(200)
  expect(http.asked).toEqual(['0'])
})

it('asks for nothing that comes later while its server fails', async () => {
  const { clock, peers, http, wanted, read } = setup()
  void read(1, { rest: 8 })
  peers.tell(HELD, '0')
  wanted[0]?.tell(Array.from({ length: 8 }, () => ({ here: false, held: false, coming: false })))
  await clock.advance(0)
  expect(http.asked).toEqual(['1'])
  http.fail(new Error('429'), '1')
  await clock.advance(1_900)
  expect(http.asked).toEqual(['1'])
  await clock.advance(8_200)
  peers.answer('peers', '0')
  await clock.advance(0)
  expect(http.asked).toEqual(['1', '0', '2', '3'])
})

it('bounds the silence of what nobody waits for, and asks again for a reader who does', async () => {
  const { clock, peers, http, wanted, read } = setup()
  const pieces = read(1, { rest: 1 })
  peers.tell(HELD, '0')
  wanted[0]?.tell([{ here: false, held: false, coming: false }])
  await clock.advance(0)
  expect([http.asked, http.demands.get('1')?.stallMs]).toEqual([['1'], 20_000])
  peers.answer('peers', '0')
  await Promise.all(pieces)
  const reader = read(2)[1]
  http.fail(new DeadlineError('An answer', 20_000), '1')
  await clock.advance(0)
  expect([http.asked, http.demands.get('1')?.stallMs]).toEqual([['1', '1'], undefined])
  http.answer('http', '1')
  expect((await reader)?.source).toBe('http')
})

it('lets later pieces be when those that hold the first ones send nothing', async () => {
  const { clock, peers, http, wanted, read } = setup()
  void read(3, { rest: 8 })
  peers.tell(HELD, '0', '1', '2')
  wanted[0]?.tell(Array.from({ length: 8 }, () => ({ here: false, held: true, coming: false })))
  for (let ms = 0; ms < 1_000; ms += 50) {
    await clock.advance(50)
    http.answer('http', ...http.asked)
  }
  expect(http.asked).toEqual(['3', '2', '1', '0'])
})

it('asks for a stuck piece beside the peers that were to send it, and takes who is first', async () => {
  const { clock, peers, http, read } = setup({ isHttpKnown: false })
  const pieces = read(1)
  peers.tell(HELD, '0')
  await clock.advance(1_900)
  expect(http.asked).toEqual([])
  await clock.advance(200)
  expect([http.asked, peers.aborted]).toEqual([['0'], []])
  peers.answer('peers', '0')
  expect((await Promise.all(pieces))[0]?.source).toBe('peers')
  expect(http.aborted).toEqual(['0'])
})

it('holds HTTP back for a segment of several pieces no longer than that it still brings it in time, and never for long', async () => {
  for (const destination of ['', 'video']) {
    const { clock, peers, http, read } = setup()
    void read(2, { destination, spareMs: 3_600 })
    peers.tell(HELD, '0', '1')
    await clock.advance(2_900)
    expect(http.asked).toEqual([])
    // 0.21 s of HTTP would fit, but a sixth is left to it.
    await clock.advance(200)
    expect(http.asked).toContain('0')
  }
  const { clock, peers, http, read } = setup()
  void read(2, { spareMs: 60_000 })
  peers.tell(HELD, '0', '1')
  await clock.advance(4_900)
  expect(http.asked).toEqual([])
  await clock.advance(200)
  expect(http.asked).toContain('0')
})

it('waits for the first piece of a film no longer than for a single one', async () => {
  const { clock, peers, http, read } = setup()
  void read(2, { destination: 'video' })
  peers.tell(HELD, '0', '1')
  await clock.advance(400)
  expect(http.asked).toContain('0')
})

it('takes no longer than it must when HTTP fails: peers are asked again, and then it says what HTTP said', async () => {
  const { clock, peers, http, claims, read } = setup()
  const [piece] = read(1)
  peers.tell(NOBODY, '0')
  await clock.advance(0)
  http.fail(new Error('503'), '0')
  await clock.advance(0)
  expect(peers.asked).toEqual(['0', '0'])
  expect(claims).toEqual(['0', '0 over'])
  peers.fail(new NotFoundError('0'), '0')
  await expect(piece).rejects.toThrow('503')
})

it('leaves peers what they send when HTTP has just failed', async () => {
  const { clock, peers, http, read } = setup()
  const pieces = read(4)
  peers.tell(HELD, '0', '1', '2', '3')
  await clock.advance(150)
  expect(http.asked).toEqual(['3'])
  http.fail(new Error('503'), '3')
  await clock.advance(1_000)
  expect([http.asked, peers.aborted]).toEqual([['3'], ['3']])
  peers.answer('peers', '0', '1', '2', '3')
  expect((await Promise.all(pieces)).map(({ source }) => source)).toEqual(['peers', 'peers', 'peers', 'peers'])
})

it('goes over HTTP when the page is gone, and ends with its reader', async () => {
  const { clock, peers, http, read } = setup()
  const controller = new AbortController()
  const pieces = read(2, { signal: controller.signal })
  peers.fail(new NotFoundError('0'), '0')
  await clock.advance(0)
  expect(http.asked).toEqual(['0'])
  controller.abort(new Error('gone'))
  await Promise.all(pieces.map((piece) => expect(piece).rejects.toThrow('gone')))
  expect(http.aborted).toEqual(['0'])
})
