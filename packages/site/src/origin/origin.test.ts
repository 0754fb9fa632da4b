import { PIECE_BYTES } from '@blackhole/protocol'
import { describe, expect, test } from 'vitest'
import { importSite } from '../import/import-site.ts'
import { memoryFile } from '../import/site-file.ts'
import { matchesFile } from './matches-file.ts'
import { DEFAULT_SAMPLING, judgeOrigin, sampleHeaders, shouldSample, validatorsOf } from './origin-sample.ts'

const FILE = { cid: 'x', size: 10, type: 'text/plain' }
const answer = (status: number, headers: Record<string, string> = {}, redirected = false) => ({
  status,
  headers: new Headers(headers),
  redirected,
})

test('sampling is rare, bounded from both sides, and due on the first visit', () => {
  expect(shouldSample(Infinity, 0.99)).toBe(true)
  expect(shouldSample(DEFAULT_SAMPLING.minIntervalMs - 1, 0)).toBe(false)
  expect(shouldSample(DEFAULT_SAMPLING.minIntervalMs, 0)).toBe(true)
  expect(shouldSample(DEFAULT_SAMPLING.minIntervalMs, DEFAULT_SAMPLING.chance)).toBe(false)
  expect(shouldSample(DEFAULT_SAMPLING.maxIntervalMs, 0.99)).toBe(true)
})

test('a sample is conditional once validators are known', () => {
  expect(sampleHeaders(undefined)).toEqual({})
  const validators = validatorsOf(answer(200, { ETag: 'W/"1"', 'Last-Modified': 'then' }))
  expect(sampleHeaders(validators)).toEqual({ 'If-None-Match': 'W/"1"' })
  expect(sampleHeaders(validatorsOf(answer(200, { 'Last-Modified': 'then' })))).toEqual({ 'If-Modified-Since': 'then' })
  expect(validatorsOf(answer(200))).toBeUndefined()
})

test.each([
  [answer(304), 'same'],
  [answer(200), 'compare'],
  [answer(200, { 'Content-Length': '10' }), 'compare'],
  [answer(200, { 'Content-Length': '11' }), 'changed'],
  [answer(200, { 'Content-Length': '7', 'Content-Encoding': 'gzip' }), 'compare'],
  [answer(200, {}, true), 'unknown'],
  [answer(404), 'changed'],
  [answer(410), 'changed'],
  [answer(500), 'unknown'],
  [answer(503), 'unknown'],
  [answer(401), 'unknown'],
  [answer(0), 'unknown'],
])('verdict %#: %j', (given, verdict) => {
  expect(judgeOrigin(given, FILE)).toBe(verdict)
})

describe('bytes of the origin', () => {
  test.each([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES])(
    'a file of %i bytes, however it is cut',
    async (size) => {
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; at += 1000) bytes[at] = at / 1000
      const file = (await importSite([memoryFile('f', bytes)])).manifest.files['f']!
      for (const step of [65_536, 100_003, PIECE_BYTES, 3 * PIECE_BYTES]) {
        const chunks = (source: Uint8Array): Uint8Array[] =>
          Array.from({ length: Math.ceil(source.length / step) }, (_, index) =>
            source.subarray(index * step, (index + 1) * step),
          )
        expect(await matchesFile(file, chunks(bytes))).toBe(true)
        if (size > 0) {
          expect(await matchesFile(file, chunks(bytes.subarray(0, -1)))).toBe(false)
          const other = bytes.slice()
          other[size - 1]! ^= 1
          expect(await matchesFile(file, chunks(other))).toBe(false)
        }
        expect(await matchesFile(file, [...chunks(bytes), new Uint8Array(1)])).toBe(false)
      }
    },
  )
})
