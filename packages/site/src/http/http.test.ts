import { PIECE_BYTES } from '@blackhole/protocol'
import type { ManifestFile } from '@blackhole/protocol'
import { describe, expect, test } from 'vitest'
import { matchesNone, matchesStrong } from './conditional.ts'
import { readSiteRules } from '../resolve/site-rules.ts'
import { contentTypeOf, isHtml } from './content-type.ts'
import { fileSlices } from './file-slices.ts'
import { parseHeaders } from './header-rules.ts'
import { IMMUTABLE, REVALIDATE, planResponse } from './plan-response.ts'
import type { ResponseInput, ResponsePlan } from './plan-response.ts'
import { MAX_RANGES, parseRange } from './ranges.ts'

const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const FILE: ManifestFile = { cid: CID, size: 10_000, type: 'text/plain; charset=utf-8' }

function plan(
  headers: Record<string, string> = {},
  input: Partial<ResponseInput> & { method?: string } = {},
): ResponsePlan {
  const { method = 'GET', ...rest } = input
  return planResponse({ file: FILE, pathname: '/a.txt', request: { method, headers: new Headers(headers) }, ...rest })
}

describe('RFC 9110, 14: ranges of a file of 10,000 bytes', () => {
  test.each([
    // the examples of 14.1.2
    ['bytes=0-499', [[0, 500]]],
    ['bytes=500-999', [[500, 1000]]],
    ['bytes=-500', [[9500, 10_000]]],
    ['bytes=9500-', [[9500, 10_000]]],
    [
      'bytes=0-0,-1',
      [
        [0, 1],
        [9999, 10_000],
      ],
    ],
    [
      'bytes= 0-999, 4500-5499, -1000',
      [
        [0, 1000],
        [4500, 5500],
        [9000, 10_000],
      ],
    ],
    // "legal but not canonical" for 500-999
    ['bytes=500-600,601-999', [[500, 1000]]],
    ['bytes=500-700,601-999', [[500, 1000]]],
    // the order asked for is kept, as long as nothing is joined
    [
      'bytes=9000-9099,0-99',
      [
        [9000, 9100],
        [0, 100],
      ],
    ],
    // past the end
    ['bytes=9999-20000', [[9999, 10_000]]],
    ['bytes=-20000', [[0, 10_000]]],
    ['BYTES=0-0', [[0, 1]]],
    // one satisfiable among others
    ['bytes=20000-,0-0', [[0, 1]]],
  ])('%s', (header, expected) => {
    expect(parseRange(header, 10_000)).toEqual({
      type: 'partial',
      ranges: expected.map(([start, end]) => ({ start, end })),
    })
  })

  test.each(['bytes=10000-', 'bytes=-0', 'bytes=10000-,20000-30000'])('%s can not be satisfied', (header) => {
    expect(parseRange(header, 10_000)).toEqual({ type: 'unsatisfiable' })
  })

  test.each([
    'lines=0-1',
    'bytes',
    'bytes=',
    'bytes=a-b',
    'bytes=5-4',
    'bytes=-',
    'bytes=0-1;2-3',
    'bytes=0x0-1',
    'bytes=99999999999999999999-',
  ])('%s is ignored', (header) => {
    expect(parseRange(header, 10_000)).toEqual({ type: 'whole' })
  })

  test('too many ranges are ignored, not served one by one', () => {
    const many = Array.from({ length: MAX_RANGES + 1 }, (_, index) => `${index * 500}-${index * 500}`).join(',')
    expect(parseRange(`bytes=${many}`, 10_000)).toEqual({ type: 'whole' })
    expect(parseRange(`bytes=${'0-0,'.repeat(5000)}`, 10_000)).toEqual({ type: 'whole' })
  })

  test('an empty file is sent whole', () => {
    expect(parseRange('bytes=0-', 0)).toEqual({ type: 'whole' })
  })
})

describe('responses with ranges', () => {
  test('one', () => {
    const { status, headers, ranges } = plan({ Range: 'bytes=0-99' })
    expect(status).toBe(206)
    expect(ranges).toEqual([{ start: 0, end: 100 }])
    expect(headers.get('Content-Range')).toBe('bytes 0-99/10000')
    expect(headers.get('Content-Length')).toBe('100')
    expect(headers.get('Content-Type')).toBe(FILE.type)
  })

  test('several: the body adds up and reads as multipart/byteranges', () => {
    const { status, headers, ranges, multipart } = plan({ Range: 'bytes=0-1,5000-5003' })
    expect(status).toBe(206)
    expect(ranges).toHaveLength(2)
    expect(headers.get('Content-Type')).toBe(`multipart/byteranges; boundary=${CID}`)
    expect(headers.get('Content-Range')).toBeNull()
    const text =
      multipart!.parts
        .map(({ head, range }) => new TextDecoder().decode(head) + 'x'.repeat(range.end - range.start))
        .join('') + new TextDecoder().decode(multipart!.tail)
    expect(text.length).toBe(Number(headers.get('Content-Length')))
    expect(text).toBe(
      `--${CID}\r\nContent-Type: ${FILE.type}\r\nContent-Range: bytes 0-1/10000\r\n\r\nxx` +
        `\r\n--${CID}\r\nContent-Type: ${FILE.type}\r\nContent-Range: bytes 5000-5003/10000\r\n\r\nxxxx\r\n--${CID}--\r\n`,
    )
  })

  test('416', () => {
    const { status, headers, ranges } = plan({ Range: 'bytes=10000-' })
    expect({ status, ranges }).toEqual({ status: 416, ranges: [] })
    expect(headers.get('Content-Range')).toBe('bytes */10000')
  })

  test.each([
    [`"${CID}"`, 206],
    [`W/"${CID}"`, 200],
    ['"other"', 200],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 200],
  ])('If-Range %s', (value, status) => {
    expect(plan({ Range: 'bytes=0-0', 'If-Range': value }).status).toBe(status)
  })

  test('HEAD ignores Range, and has the headers of GET', () => {
    const { status, headers, ranges } = plan({ Range: 'bytes=0-0' }, { method: 'HEAD' })
    expect({ status, ranges }).toEqual({ status: 200, ranges: [] })
    expect([...headers]).toEqual([...plan().headers])
  })

  test('an error page has neither ranges nor conditions', () => {
    expect(plan({ Range: 'bytes=0-0' }, { status: 404 })).toMatchObject({
      status: 404,
      ranges: [{ start: 0, end: 10_000 }],
    })
    expect(plan({ 'If-None-Match': '*' }, { status: 404 }).status).toBe(404)
  })

  test('an empty file', () => {
    const { status, headers, ranges } = plan({ Range: 'bytes=0-0' }, { file: { ...FILE, size: 0 } })
    expect({ status, ranges }).toEqual({ status: 200, ranges: [] })
    expect(headers.get('Content-Length')).toBe('0')
  })
})

describe('conditions (RFC 9110, 13; gateway-conformance TestGatewayCache)', () => {
  test.each([
    [`"${CID}"`, 304],
    [`W/"${CID}"`, 304],
    [`"foo", "${CID}"`, 304],
    [`"foo,bar",W/"${CID}" , "x"`, 304],
    ['*', 304],
    ['"fake-cid"', 200],
    [CID, 200],
    ['', 200],
  ])('If-None-Match %s', (value, status) => {
    expect(plan({ 'If-None-Match': value }).status).toBe(status)
  })

  test('a 304 has ETag and Cache-Control and nothing of a body', () => {
    const { headers, ranges } = plan({ 'If-None-Match': '*', Range: 'bytes=0-0' })
    expect(ranges).toEqual([])
    expect(Object.fromEntries(headers)).toEqual({ etag: `"${CID}"`, 'cache-control': REVALIDATE })
  })

  test.each([
    [`"${CID}"`, 200],
    ['*', 200],
    [`W/"${CID}"`, 412],
    ['"x"', 412],
  ])('If-Match %s', (value, status) => {
    expect(plan({ 'If-Match': value }).status).toBe(status)
  })

  test('comparison functions (RFC 9110, 8.8.3.2)', () => {
    expect([matchesStrong('W/"1"', 'W/"1"'), matchesNone('W/"1"', 'W/"1"')]).toEqual([false, true])
    expect([matchesStrong('W/"1"', 'W/"2"'), matchesNone('W/"1"', 'W/"2"')]).toEqual([false, false])
    expect([matchesStrong('W/"1"', '"1"'), matchesNone('W/"1"', '"1"')]).toEqual([false, true])
    expect([matchesStrong('"1"', '"1"'), matchesNone('"1"', '"1"')]).toEqual([true, true])
  })

  test('an injected variant has its own ETag, no length and no ranges', () => {
    const { status, headers, ranges } = plan({ Range: 'bytes=0-0', 'If-None-Match': `"${CID}"` }, { variant: 'tag' })
    expect({ status, ranges }).toEqual({ status: 200, ranges: [{ start: 0, end: 10_000 }] })
    expect(headers.get('ETag')).toBe(`"${CID}-tag"`)
    expect([headers.get('Content-Length'), headers.get('Accept-Ranges')]).toEqual([null, null])
    expect(plan({ 'If-None-Match': `"${CID}-tag"` }, { variant: 'tag' }).status).toBe(304)
  })
})

test('methods, caching', () => {
  expect(plan({}, { method: 'POST' })).toMatchObject({ status: 405 })
  expect(plan({}, { method: 'POST' }).headers.get('Allow')).toBe('GET, HEAD')
  expect(plan({}, { immutable: true }).headers.get('Cache-Control')).toBe(IMMUTABLE)
  expect(plan().headers.get('Cache-Control')).toBe(REVALIDATE)
})

describe('_headers', () => {
  const apply = (text: string, pathname: string): Record<string, string> =>
    Object.fromEntries(plan({}, { rules: parseHeaders(text), pathname }).headers)

  test('patterns, several rules, joined values, removal, own Content-Type', () => {
    const text = `# comment
/*
  X-Frame-Options: DENY
  Cache-Control: public, max-age=60

/static/*.js
  Cache-Control: max-age=31536000
  ! X-Frame-Options
/docs/:page
  Link: </next/:page>; rel=next
/a.txt
  Content-Type: text/plain; charset=windows-1252
  X-Splat: :splat
`
    expect(apply(text, '/a.txt')).toMatchObject({
      'x-frame-options': 'DENY',
      'cache-control': 'public, max-age=60',
      'content-type': 'text/plain; charset=windows-1252',
      'x-splat': ':splat',
    })
    expect(apply(text, '/static/app.js')).toMatchObject({ 'cache-control': 'public, max-age=60, max-age=31536000' })
    expect(apply(text, '/static/app.js')).not.toHaveProperty('x-frame-options')
    expect(apply(text, '/docs/two')).toMatchObject({ link: '</next/two>; rel=next' })
  })

  test.each([
    'ETag',
    'Set-Cookie',
    'Content-Length',
    'Content-Encoding',
    'Transfer-Encoding',
    'Connection',
    'X-Blackhole-Source',
    'Server-Timing',
    'Accept-Ranges',
  ])('%s can not be set or removed', (name) => {
    expect(() => parseHeaders(`/*\n  ${name}: x`)).toThrow(
      `could not parse _headers: line 2: ${name} can't be set by a site`,
    )
    expect(() => parseHeaders(`/*\n  ! ${name}`)).toThrow(`line 2: ${name}`)
  })

  test.each([
    ['  X: y', 'line 1: a header must stand below a path'],
    ['x/*\n  X: y', 'line 1: a path must begin with "/"'],
    ['/*\n  nothing', 'line 2: must be "Name: value"'],
    ['/*\n  B ad: x', 'line 2: "B ad" is not the name of a header'],
    ['/*\n  X: a\u0000b', 'line 2: the value of X'],
    ['/*\n  X: \u4e16', 'line 2: the value of X'],
    [`/*\n${'  X: y\n'.repeat(101)}`, 'line 102: more than 100 headers'],
    ['#'.repeat(70_000), 'cannot exceed 65536 bytes'],
  ])('errors name the line: %.20j', (text, message) => {
    expect(() => parseHeaders(text)).toThrow(message)
  })
})

test('a bad line of _headers is left out and named; the others stay', () => {
  const text = `/*
  X-Frame-Options: DENY
  Set-Cookie: a=b
https://example.com/*
  X-Only-There: yes
/b
  X-B: 1
`
  const rules = readSiteRules({ headers: new TextEncoder().encode(text) })
  expect(rules.headersError).toMatch(/line 3: Set-Cookie can't be set.*line 4: a path must begin/)
  const headers = Object.fromEntries(plan({}, { rules: rules.headers, pathname: '/b' }).headers)
  expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-b': '1' })
  expect(headers).not.toHaveProperty('x-only-there')
  expect(headers).not.toHaveProperty('set-cookie')
})

test('what a placeholder of _headers takes from the URL can not break the header', () => {
  const rules = parseHeaders('/:page\n  Link: </:page>')
  expect(plan({}, { rules, pathname: '/\u4e16%0D%0A' }).headers.get('Link')).toBe('</%E4%B8%96%0D%0A>')
})

describe('slices', () => {
  const file: ManifestFile = { cid: 'root', size: 2 * PIECE_BYTES + 10, type: 'x', pieces: ['a', 'b', 'c'] }
  test.each([
    [
      0,
      file.size,
      [
        ['a', 0, PIECE_BYTES],
        ['b', 0, PIECE_BYTES],
        ['c', 0, 10],
      ],
    ],
    [5, 6, [['a', 5, 6]]],
    [
      PIECE_BYTES - 1,
      PIECE_BYTES + 1,
      [
        ['a', PIECE_BYTES - 1, PIECE_BYTES],
        ['b', 0, 1],
      ],
    ],
    [PIECE_BYTES, 2 * PIECE_BYTES, [['b', 0, PIECE_BYTES]]],
    [file.size - 1, file.size + 100, [['c', 9, 10]]],
    [7, 7, []],
  ])('%i to %i', (start, end, expected) => {
    expect(fileSlices(file, start, end)).toEqual(expected.map(([cid, from, to]) => ({ cid, start: from, end: to })))
  })

  test('a file of one piece, an empty file', () => {
    expect(fileSlices({ cid: 'x', size: 4, type: '' })).toEqual([{ cid: 'x', start: 0, end: 4 }])
    expect(fileSlices({ cid: 'x', size: 0, type: '' })).toEqual([])
  })
})

test.each([
  ['index.html', 'text/html; charset=utf-8'],
  ['a/b.MJS', 'text/javascript; charset=utf-8'],
  ['x.wasm', 'application/wasm'],
  ['x.woff2', 'font/woff2'],
  ['site.webmanifest', 'application/manifest+json'],
  ['x.svg', 'image/svg+xml'],
  ['x.css.map', 'application/json'],
  ['LICENSE', 'application/octet-stream'],
  ['a.b/LICENSE', 'application/octet-stream'],
  ['x.constructor', 'application/octet-stream'],
])('content type of %s', (path, type) => {
  expect(contentTypeOf(path)).toBe(type)
  expect(isHtml(type)).toBe(path === 'index.html')
})
