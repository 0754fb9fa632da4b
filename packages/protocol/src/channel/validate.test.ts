import { describe, expect, it } from 'vitest'
import { LimitError } from '../errors.ts'
import { MAX_AHEAD_PIECES, MAX_BLOCK_BYTES, MAX_CHANNEL_CIDS, MAX_RECORD_BYTES } from '../limits.ts'
import { parsePageMessage, parseWindowMessage, parseWorkerMessage } from './validate.ts'

describe('messages of the page', () => {
  it.each([
    { type: 'hello', version: 1, role: 'host', peers: 3 },
    { type: 'hello', version: 1, role: 'host', peers: 3, ahead: true, later: true },
    { type: 'state', role: 'guest', peers: 0 },
    { type: 'head', id: 1, available: [true, false] },
    {
      type: 'head',
      id: 1,
      available: [false],
      coming: [true],
      paces: [{ rttMs: 1, bytesPerSecond: 2, queuedBytes: 0 }],
    },
    { type: 'chunk', id: 1, cid: 'bafy', source: 'peers', data: new ArrayBuffer(2) },
    { type: 'end', id: 1 },
    { type: 'error', id: 1, error: { name: 'Error', reason: 'missing', message: 'gone' } },
    { type: 'record', record: new ArrayBuffer(10) },
    { type: 'loaded', urls: ['http://site.localhost/'], agesMs: [12.5], root: 'bafy' },
    { type: 'loaded', urls: [] },
  ])('passes on $type', (message) => {
    expect(parsePageMessage(message)).toEqual(message)
  })

  it('keeps nothing that it does not know', () => {
    expect(parsePageMessage({ type: 'end', id: 1, more: 'things' })).toEqual({ type: 'end', id: 1 })
  })

  it.each([
    ['no object', 'end', /channel message must be an object/],
    ['an unknown type', { type: 'begin' }, /channel message\.type/],
    ['a negative id', { type: 'end', id: -1 }, /channel message\.id/],
    ['a foreign source', { type: 'chunk', id: 1, cid: 'b', source: 'moon', data: new ArrayBuffer(0) }, /\.source/],
    ['a view instead of a buffer', { type: 'record', record: new Uint8Array(1) }, /\.record/],
    ['a mixed list', { type: 'head', id: 1, available: [true, 1] }, /\.available/],
    ['a text for who is getting it', { type: 'head', id: 1, available: [true], coming: ['yes'] }, /\.coming/],
    ['a time before the page', { type: 'loaded', urls: ['http://a/'], agesMs: [-1] }, /\.agesMs/],
    ['a list with holes', { type: 'head', id: 1, available: [true, undefined] }, /\.available/],
  ])('refuses %s', (_, message, error) => {
    expect(() => parsePageMessage(message)).toThrow(error)
  })

  it('bounds a chunk by the largest block', () => {
    const chunk = { type: 'chunk', id: 1, cid: 'b', source: 'peers', data: new ArrayBuffer(MAX_BLOCK_BYTES + 1) }
    expect(() => parsePageMessage(chunk)).toThrow(/more than the 2097152 allowed/)
  })
})

describe('a record', () => {
  it('may be as long as a record can be, and not longer', () => {
    const message = (bytes: number): object => ({ type: 'record', record: new ArrayBuffer(bytes) })
    expect(parsePageMessage(message(MAX_RECORD_BYTES))).toEqual(message(MAX_RECORD_BYTES))
    expect(() => parsePageMessage(message(MAX_RECORD_BYTES + 1))).toThrow(
      new LimitError('channel message.record bytes', MAX_RECORD_BYTES, MAX_RECORD_BYTES + 1),
    )
  })
})

describe('messages of the worker', () => {
  it.each([
    { type: 'hello', version: 1 },
    { type: 'request', id: 1, cids: ['a', 'b'], deadlineMs: 0, credit: 100 },
    { type: 'request', id: 1, cids: ['a'], deadlineMs: 0, credit: 100, patient: true },
    { type: 'fetching', cids: ['a'], over: false },
    { type: 'credit', id: 1, bytes: 100 },
    { type: 'cancel', id: 1 },
    { type: 'cancel', id: 1, cids: ['a'] },
    { type: 'stored', cids: ['a'] },
    { type: 'later', id: 3, cids: ['a', 'b'] },
    { type: 'ahead', stream: 'one', pieces: [{ cid: 'a', inMs: 1.5, asked: true }] },
    { type: 'counters', received: { local: 1, peers: 2, http: 3 } },
    { type: 'busy', busy: true },
  ])('passes on $type', (message) => {
    expect(parseWorkerMessage(message)).toEqual(message)
  })

  it('bounds what is said of the future', () => {
    const pieces = Array.from({ length: MAX_AHEAD_PIECES + 1 }, () => ({ cid: 'a', inMs: 1 }))
    expect(() => parseWorkerMessage({ type: 'ahead', stream: 'one', pieces })).toThrow(/more than the 64 allowed/)
    const asked = [{ cid: 'a', inMs: 1, asked: 1 }]
    expect(() => parseWorkerMessage({ type: 'ahead', stream: 'one', pieces: asked })).toThrow(/\.pieces/)
    const never = [{ cid: 'a', inMs: Infinity }]
    expect(() => parseWorkerMessage({ type: 'ahead', stream: 'one', pieces: never })).toThrow(/\.pieces/)
  })

  it('bounds the CIDs of a request', () => {
    const cids = Array.from({ length: MAX_CHANNEL_CIDS + 1 }, () => 'a')
    expect(() => parseWorkerMessage({ type: 'request', id: 1, cids, deadlineMs: 0, credit: 1 })).toThrow(/4097/)
  })

  it('names the counter that is wrong', () => {
    const message = { type: 'counters', received: { local: 1, peers: '2', http: 3 } }
    expect(() => parseWorkerMessage(message)).toThrow(/channel message\.peers/)
  })
})

describe('what a page posts to the worker itself', () => {
  it('is passed on when it is ours', () => {
    const connect = { type: 'blackhole:connect', version: 1, site: 'k51' }
    expect(parseWindowMessage(connect)).toEqual(connect)
    expect(parseWindowMessage({ type: 'blackhole:alive' })).toEqual({ type: 'blackhole:alive' })
    expect(parseWindowMessage({ type: 'blackhole:opt-out', optedOut: true })).toEqual({
      type: 'blackhole:opt-out',
      optedOut: true,
    })
  })

  it("is left alone when it is the page's own", () => {
    for (const message of [null, 'skipWaiting', 7, [], { type: 'SKIP_WAITING' }, { type: 'blackhole:connect' }]) {
      expect(parseWindowMessage(message)).toBeUndefined()
    }
  })
})
