import { describe, expect, test } from 'vitest'
import { judgeAnswer, validates, validationHeaders } from './cache-rules.ts'
import { parseCacheControl, secondsOf } from './cache-control.ts'
import { headerLines, updatedHeaders } from './header-lines.ts'
import { parseHttpDate } from './http-date.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const http = (at: number): string => new Date(at).toUTCString()

function judge(headers: Record<string, string | string[]>, status = 200, tookMs = 0) {
  const raw = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((each) => [name, each]))
  return judgeAnswer({ status, headers: headerLines(raw), askedAt: NOW - tookMs, answeredAt: NOW })
}

/** Seconds that the answer is fresh from now on, or why it isn't kept. */
function verdict(...given: Parameters<typeof judge>): number | string {
  const judged = judge(...given)
  return judged.keep ? (judged.freshUntil - NOW) / 1000 : judged.reason
}

test.each<[Record<string, string | string[]>, number | string]>([
  [{ 'Cache-Control': 'max-age=60' }, 60],
  [{ 'Cache-Control': 'MAX-AGE="60"' }, 60],
  [{ 'Cache-Control': 'max-age=60, s-maxage=100' }, 100],
  [{ 'Cache-Control': 's-maxage=0, max-age=60' }, 'stale'],
  [{ 'Cache-Control': 'max-age=60', Expires: '0' }, 60],
  [{ 'Cache-Control': ['max-age=60', 'max-age=30'] }, 30],
  [{ 'Cache-Control': 'max-age=60.5' }, 'stale'],
  [{ 'Cache-Control': 'max-age = 60' }, 'stale'],
  [{ 'Cache-Control': "max-age='60'" }, 'stale'],
  [{ 'Cache-Control': 'ext="max-age=60"' }, 'stale'],
  [{ 'Cache-Control': 'max-age=99999999999999' }, 2 ** 31],
  [{ 'Cache-Control': 'max-age=60', Age: '20' }, 40],
  [{ 'Cache-Control': 'max-age=60', Age: '60' }, 'stale'],
  [{ 'Cache-Control': 'max-age=60', Age: '-1' }, 'stale'],
  [{ 'Cache-Control': 'max-age=60', Age: ['0', '0'] }, 'stale'],
  [{ 'Cache-Control': 'max-age=60', Date: http(NOW - 50_000) }, 10],
  [{ Expires: http(NOW + 60_000), Date: http(NOW) }, 60],
  [{ Expires: http(NOW + 60_000) }, 60],
  [{ Expires: http(NOW + 60_000), Date: http(NOW - 10_000) }, 60],
  [{ Expires: '0' }, 'stale'],
  [{ Expires: [http(NOW + 1000), http(NOW + 1000)] }, 'stale'],
  [{ 'Last-Modified': http(NOW - 1_000_000) }, 100],
  [{ 'Last-Modified': http(NOW - 1e12) }, 86_400],
  [{ 'Last-Modified': http(NOW + 1000) }, 'stale'],
  [{}, 'stale'],
  [{ ETag: '"1"' }, 'stale'],
  [{ 'Cache-Control': 'max-age=60, no-store' }, 'no-store'],
  [{ 'Cache-Control': 'max-age=60, Private' }, 'private'],
  [{ 'Cache-Control': 'max-age=60, private="set-cookie"' }, 'private'],
  [{ 'Cache-Control': 'max-age=60, no-cache' }, 'no-cache'],
  [{ 'Cache-Control': 'max-age=60, must-revalidate, public' }, 60],
  [{ Pragma: 'no-cache', Expires: http(NOW + 60_000) }, 'no-cache'],
  [{ 'Cache-Control': 'max-age=60', 'Set-Cookie': 'a=b' }, 'set-cookie'],
  [{ 'Cache-Control': 'max-age=60', Vary: 'Accept-Encoding' }, 60],
  [{ 'Cache-Control': 'max-age=60', Vary: 'accept-encoding, Cookie' }, 'vary'],
  [{ 'Cache-Control': 'max-age=60', Vary: ', *' }, 'vary'],
  [{ 'Cache-Control': 'max-age=60', 'Content-Encoding': 'gzip' }, 'content-encoding'],
  [{ 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 0-1/2' }, 'content-range'],
  [{ 'Cache-Control': 'max-age=60', 'Content-Type': 'text/html; charset=utf-8' }, 'document'],
])('%j: %s', (headers, expected) => {
  const found = verdict(headers)
  expect(typeof found === 'number' ? Math.round(found) : found).toBe(expected)
})

test.each([201, 204, 206, 301, 304, 404, 500])('status %i is not kept', (status) => {
  expect(verdict({ 'Cache-Control': 'max-age=60' }, status)).toBe('status')
})

test('the time that an answer took counts as its age', () => {
  expect(verdict({ 'Cache-Control': 'max-age=60', Age: '1' }, 200, 5000)).toBe(54)
})

describe('dates', () => {
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sunday, 06-Nov-94 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sun Nov  6 08:49:37 1994', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Friday, 06-Nov-76 08:49:37 GMT', Date.UTC(2076, 10, 6, 8, 49, 37)],
    ['Sun, 06 Nov 1994 08:49:37 UTC', undefined],
    ['Sun, 06 Nov 1994 24:49:37 GMT', undefined],
    ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
    ['1994-11-06T08:49:37Z', undefined],
    ['0', undefined],
  ])('%s', (text, at) => {
    expect(parseHttpDate(text, NOW)).toBe(at)
  })
})

test('a question about a stored answer names its validators, and a 304 renews its fields', () => {
  const stored = headerLines(['ETag', '"1"', 'Last-Modified', 'then', 'Age', '5', 'Date', 'x', 'Content-Length', '3'])
  expect(validationHeaders(stored)).toEqual({ 'if-none-match': '"1"', 'if-modified-since': 'then' })
  expect(validationHeaders(headerLines(['Date', 'x']))).toBeUndefined()
  const update = headerLines([
    'ETag',
    'W/"1"',
    'Cache-Control',
    'private',
    'Content-Length',
    '0',
    'Content-Type',
    'a/b',
  ])
  expect(validates(stored, update)).toBe(true)
  expect(validates(stored, headerLines(['ETag', '"2"']))).toBe(false)
  expect(updatedHeaders(stored, update)).toEqual({
    etag: ['"1"'],
    'last-modified': ['then'],
    'content-length': ['3'],
    'cache-control': ['private'],
    'content-type': ['a/b'],
  })
})

test('directives inside of a quoted string are none', () => {
  const control = parseCacheControl(headerLines(['Cache-Control', 'a="b, max-age=1, \\" c", max-age=5']))
  expect([...control.keys()]).toEqual(['a', 'max-age'])
  expect(secondsOf(control, 'max-age')).toBe(5)
  expect(secondsOf(control, 's-maxage')).toBeUndefined()
})
