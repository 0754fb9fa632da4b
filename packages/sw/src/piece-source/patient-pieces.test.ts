import { BlackholeError, NotFoundError } from '@blackhole/protocol'
import { testClock } from '@blackhole/testkit'
import { expect, it } from 'vitest'
import { PATIENCE, PatientPieces } from './patient-pieces.ts'
import type { FetchedPiece } from './piece-source.ts'

const piece = { cid: 'bafkpiece' }
const silent = new BlackholeError('unavailable', 'The relay serves no content')
const bytes = new Uint8Array([1])

/** Relays that answer with these in turn, the last of them for good. */
function setup(answers: readonly (Error | Uint8Array<ArrayBuffer>)[]): {
  clock: ReturnType<typeof testClock>
  asked: () => number
  fetch: (demand?: { begun: boolean }, failure?: Error) => Promise<FetchedPiece>
} {
  const clock = testClock()
  let asked = 0
  const patient = new PatientPieces({
    directory: { waitForHost: () => Promise.resolve({} as never) },
    peers: { fetch: () => Promise.reject(new NotFoundError(piece.cid)) },
    relays: {
      fetch: () => {
        const answer = answers[Math.min(asked, answers.length - 1)]
        asked += 1
        if (answer instanceof Error) return Promise.reject(answer)
        return Promise.resolve({ bytes: answer ?? bytes, source: 'http' })
      },
    },
    sleep: clock.delay,
    online: () => true,
  })
  const { signal } = new AbortController()
  return {
    clock,
    asked: () => asked,
    fetch: (demand, failure = silent) => patient.fetch(piece, { deadlineMs: 0, signal, ...demand }, failure),
  }
}

/** Lets time pass in steps, so that what each of them sets off has its turn. */
async function waitOut(clock: ReturnType<typeof testClock>, ms: number): Promise<void> {
  for (let passed = 0; passed <= ms; passed += PATIENCE.pauseMs) {
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(PATIENCE.pauseMs)
  }
}

it('gets a block from a relay that serves again while it waits', async () => {
  const { clock, fetch } = setup([silent, silent, bytes])
  const fetched = fetch()
  await waitOut(clock, 10 * PATIENCE.pauseMs)
  expect(await fetched).toEqual({ bytes, source: 'http' })
})

it('asks no relay again that lacks the block, and fails with the first reason', async () => {
  const { clock, asked, fetch } = setup([new NotFoundError(piece.cid)])
  const fetched = fetch()
  const failed = expect(fetched).rejects.toBe(silent)
  await waitOut(clock, PATIENCE.answeredMs)
  await failed
  expect(asked()).toBe(1)
})

it('saves a response that has begun when all were away for a while, and does not press them', async () => {
  const refused = new TypeError('Failed to fetch')
  const { clock, asked, fetch } = setup([...Array.from({ length: 20 }, () => refused), bytes])
  const fetched = fetch({ begun: true }, refused)
  let ms = 0
  void fetched.then(() => {
    ms = clock.now() - began
  })
  const began = clock.now()
  await waitOut(clock, PATIENCE.begunMs / 2)
  expect(await fetched).toEqual({ bytes, source: 'http' })
  expect(ms).toBeGreaterThan(PATIENCE.answeredMs)
  expect(asked()).toBe(21)
})

it('says of a response that breaks off who said what last', async () => {
  const { clock, fetch } = setup([new TypeError('Failed to fetch')])
  const fetched = fetch({ begun: true })
  const failed = expect(fetched).rejects.toMatchObject({
    reason: 'unavailable',
    message: 'Nobody had block bafkpiece for 60 s. Peers: bafkpiece was not found. HTTP: Failed to fetch',
    cause: silent,
  })
  await waitOut(clock, PATIENCE.begunMs)
  await failed
})
