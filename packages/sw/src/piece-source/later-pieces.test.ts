import { expect, it } from 'vitest'
import { ResponseProgress } from '../response/response-progress.ts'
import { LATER_PIECES, LaterPieces } from './later-pieces.ts'
import type { LaterHolders, WantLaterOptions } from './later-pieces.ts'
import type { FetchedPiece, Piece } from './piece-source.ts'

const MIB = 1024 * 1024
const NOBODY: LaterHolders = { here: false, held: false, coming: false }
const HERE: LaterHolders = { ...NOBODY, here: true }

interface Told {
  readonly cids: readonly string[]
  readonly options: WantLaterOptions
}

function setup(): {
  later: LaterPieces
  told: Told[]
  kept: string[]
  unread: number[]
  store: { isFull: boolean }
  progress: ResponseProgress
  over: AbortController
  follow: (from: number, count?: number) => void
  /** What HTTP brings when the test says so. */
  http: Map<string, { settle: PromiseWithResolvers<FetchedPiece>; signal: AbortSignal }>
  fetch: (piece: Piece, signal: AbortSignal) => Promise<FetchedPiece>
} {
  const told: Told[] = []
  const kept: string[] = []
  const unread: number[] = []
  const store = { isFull: false }
  const later = new LaterPieces({
    want: (cids, options) => told.push({ cids, options }),
    keep: (cid) => Promise.resolve(!store.isFull && kept.push(cid) > 0),
    unread: (bytes) => unread.push(bytes),
    changed: () => undefined,
  })
  const progress = new ResponseProgress(0)
  const over = new AbortController()
  const http = new Map<string, { settle: PromiseWithResolvers<FetchedPiece>; signal: AbortSignal }>()
  return {
    ...{ later, told, kept, unread, store, progress, over, http },
    follow: (from, count = 100) => {
      later.follow(
        progress,
        Array.from({ length: count }, (_, at) => pieceOf(from + at)),
        over.signal,
      )
    },
    fetch: ({ cid }, signal) => {
      const settle = Promise.withResolvers<FetchedPiece>()
      http.set(cid, { settle, signal })
      signal.addEventListener('abort', () => {
        settle.reject(signal.reason as Error)
      })
      return settle.promise
    },
  }
}

function pieceOf(index: number): Piece {
  return { cid: String(index), of: { pathname: '/film.mp4', offset: index * MIB, length: MIB, size: 200 * MIB } }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

it('tells the page what is wanted, no more than it may hold, and anew when the reader has come nearer', () => {
  const { told, over, follow } = setup()
  follow(8)
  expect(told.map(({ cids }) => [cids[0], cids.length])).toEqual([['8', LATER_PIECES]])
  for (let from = 9; from < 16; from++) follow(from)
  expect(told).toHaveLength(1)
  follow(16)
  expect(told).toHaveLength(2)
  expect(told[1]?.cids).toContain(String(16 + LATER_PIECES - 1))
  expect(told.map(({ options }) => options.signal.aborted)).toEqual([true, false])
  over.abort()
  expect(told[1]?.options.signal.aborted).toBe(true)
})

it('asks another page when the one that knew is gone', () => {
  const { later, told, follow, fetch } = setup()
  follow(8)
  told[0]?.options.onHolders(Array.from({ length: LATER_PIECES }, () => ({ ...NOBODY, held: true })))
  follow(9)
  expect(told).toHaveLength(1)
  told[0]?.options.onHolders([])
  expect(later.open(fetch).every(({ holders }) => holders === undefined)).toBe(true)
  follow(9)
  expect(told).toHaveLength(2)
  told[1]?.options.onHolders(Array.from({ length: LATER_PIECES + 1 }, () => HERE))
  follow(9)
  expect(told).toHaveLength(2)
  // All have come: there is nothing to ask.
  told[1]?.options.onHolders([])
  follow(9)
  expect(told).toHaveLength(2)
})

it('asks HTTP for one, keeps it, counts it, and says once from where it came', async () => {
  const { later, told, kept, progress, follow, http, fetch } = setup()
  follow(8, 3)
  told[0]?.options.onHolders([NOBODY, { ...NOBODY, held: true }, HERE])
  expect(later.open(fetch).map(({ piece, holders }) => [piece.cid, holders?.held])).toEqual([
    ['8', false],
    ['9', true],
  ])
  later.open(fetch)[0]?.ask()
  expect([later.requests, later.isUnderWay('8'), later.open(fetch).length]).toEqual([1, true, 1])
  http.get('8')?.settle.resolve({ bytes: new Uint8Array(MIB), source: 'http' })
  await settled()
  expect([kept, later.requests]).toEqual([['8'], 0])
  expect(['8', '8', '9', '10'].map((cid) => later.take(cid, progress))).toEqual(['http', undefined, undefined, 'peers'])
  // Two of three are here: HTTP, with 10 ms each, would have brought two in 20 ms.
  expect(progress.isBehind(0, (bytes) => bytes / (MIB / 10), 19)).toBe(false)
  expect(progress.isBehind(0, (bytes) => bytes / (MIB / 10), 21)).toBe(true)
})

it('lets a reader that has come to a piece have what is on its way, and end it', async () => {
  const { later, progress, follow, http, fetch, kept } = setup()
  follow(8, 2)
  for (const piece of later.open(fetch)) piece.ask()
  for (const cid of ['8', '9']) later.take(cid, progress)
  const reader = new AbortController()
  const joined = later.join('8', reader.signal)
  expect(later.requests).toBe(1)
  http.get('8')?.settle.resolve({ bytes: new Uint8Array(MIB), source: 'http' })
  expect((await joined)?.source).toBe('http')
  // Whoever reads it keeps it.
  expect(kept).toEqual([])
  const second = later.join('9', reader.signal)
  reader.abort(new Error('peers were first'))
  await expect(second).rejects.toThrow('peers were first')
  await settled()
  expect([later.isUnderWay('9'), later.join('9', reader.signal)]).toEqual([false, undefined])
})

it('lets a reader of another response have what is on its way when the one that asked for it ends', async () => {
  const { later, over, follow, http, fetch } = setup()
  follow(8, 2)
  for (const piece of later.open(fetch)) piece.ask()
  const reader = new AbortController()
  const others = [later.join('8', reader.signal), later.join('8', new AbortController().signal)]
  over.abort()
  expect(['8', '9'].map((cid) => http.get(cid)?.signal.aborted)).toEqual([false, true])
  // Nor does one of two readers end it for the other.
  reader.abort(new Error('gone'))
  await expect(others[0]).rejects.toThrow('gone')
  http.get('8')?.settle.resolve({ bytes: new Uint8Array(MIB), source: 'http' })
  expect((await others[1])?.source).toBe('http')
})

it('goes on for the response that asked for it when a reader of another one leaves, and ends with the last of them', async () => {
  const { later, over, follow, http, fetch, kept } = setup()
  follow(8, 2)
  for (const piece of later.open(fetch)) piece.ask()
  const reader = new AbortController()
  const others = ['8', '9'].map((cid) => later.join(cid, reader.signal))
  expect(later.requests).toBe(0)
  reader.abort(new Error('gone'))
  await Promise.all(others.map((other) => expect(other).rejects.toThrow('gone')))
  expect([http.get('8')?.signal.aborted, later.requests]).toEqual([false, 2])
  http.get('8')?.settle.resolve({ bytes: new Uint8Array(MIB), source: 'http' })
  await settled()
  expect(kept).toEqual(['8'])
  over.abort()
  expect(http.get('9')?.signal.aborted).toBe(true)
})

it('tells another response of the same file that a piece is here, and counts it for the one that let it come', async () => {
  const { later, progress, follow, http, fetch } = setup()
  follow(8, 2)
  later.open(fetch)[0]?.ask()
  http.get('8')?.settle.resolve({ bytes: new Uint8Array(MIB), source: 'http' })
  await settled()
  const other = new ResponseProgress(0)
  expect([other, undefined].map((whose) => later.take('8', whose))).toEqual(['local', 'local'])
  follow(8, 2)
  // It is no new one.
  expect(later.open(fetch).map(({ piece }) => piece.cid)).toEqual(['9'])
  expect([later.take('8', progress), later.take('8', progress)]).toEqual(['http', undefined])
})

it('asks HTTP for no more when the store loses what came, at once or later, and counts it', async () => {
  const { later, store, unread, progress, follow, http, fetch } = setup()
  const bring = async (at: number): Promise<void> => {
    const [open] = later.open(fetch)
    open?.ask()
    http.get(String(at))?.settle.resolve({ bytes: new Uint8Array(MIB), source: 'http' })
    await settled()
  }
  follow(8, 8)
  store.isFull = true
  await bring(8)
  // It is no part of what has come.
  expect([later.take('8', progress), progress.isBehind(0, (bytes) => bytes, 1)]).toEqual([undefined, true])
  store.isFull = false
  await bring(9)
  expect([unread, later.take('9', progress), later.open(fetch).length]).toEqual([[MIB], 'http', 6])
  later.lost(pieceOf(9), progress)
  expect([unread, later.open(fetch), progress.isBehind(0, (bytes) => bytes, 1)]).toEqual([[MIB, MIB], [], true])
})

it('counts what came over HTTP and is never read', async () => {
  const { later, told, unread, progress, over, follow, http, fetch } = setup()
  follow(8, 3)
  for (const piece of later.open(fetch).slice(0, 2)) {
    piece.ask()
    http.get(piece.piece.cid)?.settle.resolve({ bytes: new Uint8Array(MIB), source: 'http' })
  }
  await settled()
  told[0]?.options.onHolders([NOBODY, NOBODY, HERE])
  later.take('8', progress)
  over.abort()
  expect(unread).toEqual([MIB])
})

it('ends what HTTP was asked for when peers were first, and all of it with the response; a failure is asked for once', async () => {
  const { later, told, over, follow, http, fetch } = setup()
  follow(8, 3)
  for (const piece of later.open(fetch)) piece.ask()
  told[0]?.options.onHolders([HERE, NOBODY, NOBODY])
  expect(http.get('8')?.signal.aborted).toBe(true)
  http.get('9')?.settle.reject(new Error('503'))
  await settled()
  expect([later.requests, later.open(fetch).length]).toEqual([1, 0])
  over.abort()
  expect(http.get('10')?.signal.aborted).toBe(true)
  await settled()
  expect(later.requests).toBe(0)
})
