import { deepStrictEqual } from 'node:assert/strict'
import {
  MAX_PATH_BYTES,
  MAX_SITE_FILES,
  PIECE_BYTES,
  allPieces,
  decodeManifest,
  encodeManifest,
  pieceSizes,
  piecesOf,
} from '@blackhole/protocol'
import type { Manifest, ManifestFile } from '@blackhole/protocol'
import {
  MAX_RANGES,
  NO_RULES,
  applyHeaderRules,
  ifRangeHolds,
  matchesNone,
  matchesStrong,
  parseHeaders,
  parseRange,
  parseRedirects,
  planResponse,
  readSiteRules,
  resolvePath,
} from '@blackhole/site'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { roundTrip } from '../harness/round-trip.ts'
import { cids, textOf, texts, utf8 } from '../harness/samples.ts'
import { BrokenPromise, promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'

const part = fc.oneof(
  fc.stringMatching(/^[a-z0-9_-]{1,12}(\.(html|js|png|mp4))?$/),
  fc.constantFrom('index.html', '404.html', 'a b', 'ü', '10', '__proto__', 'constructor', '%41'),
)
const paths = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/').normalize('NFC'))

const cidTexts = cids.map(String)

const files: Arbitrary<ManifestFile> = fc.oneof(
  fc.record({
    cid: cidTexts,
    size: fc.integer({ min: 0, max: PIECE_BYTES }),
    type: fc.constantFrom('text/html; charset=utf-8', 'image/png', 'application/octet-stream'),
  }),
  fc
    .tuple(cidTexts, fc.array(cidTexts, { minLength: 2, maxLength: 4 }), fc.integer({ min: 1, max: PIECE_BYTES }))
    .map(([cid, pieces, last]) => ({
      cid,
      size: (pieces.length - 1) * PIECE_BYTES + last,
      type: 'video/mp4',
      pieces,
    })),
)

const manifests: Arbitrary<Manifest> = fc.record({
  version: fc.constant(1 as const),
  sequence: fc.oneof(fc.nat(), fc.maxSafeNat()),
  previous: fc.option(cidTexts),
  created: fc.constant('2026-01-02T03:04:05.000Z'),
  origins: fc.subarray(['https://example.com', 'http://localhost:3000']),
  documents: fc.constantFrom('origin' as const, 'site' as const),
  retired: fc.boolean(),
  files: fc
    .uniqueArray(fc.tuple(paths, files), { maxLength: 6, selector: ([path]) => path })
    .map((entries) => withoutPrototype(entries)),
})

/** What the owner of a site publishes: whoever opens it reads it. */
export function siteTargets(): Target[] {
  return [manifest(), redirects(), headers(), range(), conditional()]
}

function manifest(): Target {
  return {
    name: 'manifest',
    about: 'the index of a site version, and the responses that its files make',
    inputs: manifests.map(encodeManifest),
    words: [
      '"pieces":[',
      '"__proto__":',
      '"toString":1',
      '"\\ud800"',
      '"type":"a\\nb"',
      '"type":"\u2028"',
      '[[[[[[[[[[',
    ],
    roundTrip: roundTrip(manifests, encodeManifest, decodeManifest),
    decode: (input) => {
      const read = decodeManifest(input)
      try {
        deepStrictEqual(decodeManifest(encodeManifest(read)), read)
      } catch (cause) {
        throw new BrokenPromise('is the same when it is encoded and decoded again', { cause })
      }
      const entries = Object.entries(read.files)
      promised(entries.length <= MAX_SITE_FILES, 'has at most so many files')
      promised(allPieces(read).length === pieceSizes(read).length, 'has a size for each piece')
      promised(
        pieceSizes(read).every((size) => size >= 0 && size <= PIECE_BYTES),
        'has no piece larger than a piece may be',
      )
      for (const [path, file] of entries.slice(0, 5)) {
        promised(utf8(path).byteLength <= MAX_PATH_BYTES, 'has no path longer than a path may be')
        promised(file.size <= piecesOf(file).length * PIECE_BYTES, 'has pieces for all bytes of a file')
        const pathname = `/${path.split('/').map(encodeURIComponent).join('/')}`
        planResponse({ file, pathname, request: { method: 'GET', headers: new Headers({ Range: 'bytes=1-5,9-' }) } })
        const found = resolvePath(read, NO_RULES, pathname)
        promised(found.type !== 'none', 'finds each of its files')
      }
      return `${String(Math.min(3, entries.length))} files ${read.documents}`
    },
  }
}

const rulePaths = fc.oneof(
  fc.constantFrom('/', '/*', '/a/*', '/:year/:month/x', '/old', '/a b', '/%C3%BC/', '/*.js', '/x/*/y', '/:splat'),
  paths.map((path) => `/${path}`),
)

function redirects(): Target {
  const line = fc
    .tuple(rulePaths, fc.oneof(rulePaths, fc.constantFrom('https://example.com/:splat', '/index.html')), statuses())
    .map(([from, to, status]) => `${from.replaceAll(' ', '%20')} ${to.replaceAll(' ', '%20')}${status}`)
  return {
    name: 'redirects',
    about: "a site's _redirects, and the paths that its rules lead to",
    inputs: fc.array(fc.oneof(line, fc.constant('# comment'), fc.constant('')), { maxLength: 8 }).map(linesOf),
    words: [':splat', '/*', '301!', ' 200', 'javascript:', '//', '\ufeff', ':', '%', '\u2028', '/:a'],
    decode: (input) => {
      const text = textOf(input)
      const rules = readSiteRules({ redirects: input })
      const site = { files: { 'index.html': { cid: 'x', size: 1, type: 'text/html' } } }
      const outcomes = new Set<string>()
      for (const path of ['/', '/a/b/c', '/2024/05/x', '/old', '/%C3%BC', '/x.js', '/%', '//', '/__proto__']) {
        const found = resolvePath(site, rules, path, '?q=1')
        if (found.type === 'redirect') new Headers({ Location: found.location })
        outcomes.add(found.type === 'none' ? String(found.status) : found.type)
      }
      const parsed = parseRedirects(text)
      return `${parsed.length > 0 ? 'rules' : 'none'} ${[...outcomes].join(' ')}`
    },
  }
}

function headers(): Target {
  const line = fc.oneof(
    rulePaths.map((path) => path.replaceAll(' ', '%20')),
    fc.constantFrom('  X-Frame-Options: DENY', '\tLink: </a.css>; rel=preload', '  ! Server', '  X-A: :splat', '# no'),
    texts(20).map((value) => `  X-Text: ${value}`),
  )
  return {
    name: 'headers',
    about: "a site's _headers, and the headers that its rules set",
    inputs: fc.array(line, { maxLength: 10 }).map((lines) => linesOf(['/*', ...lines])),
    words: [': ', '  ! ', ':splat', '/*', '\ufeff', '  X: ', '\r\n', '  Set-Cookie: a', '\u0000'],
    decode: (input) => {
      const problems: string[] = []
      const rules = parseHeaders(textOf(input), ({ message }) => problems.push(message))
      promised(
        rules.every((rule) => rule.headers.length <= 100),
        'has at most 100 headers for a path',
      )
      promised(
        problems.every((problem) => problem.length <= 2_000),
        'complains in short',
      )
      const set = new Headers()
      for (const path of ['/', '/a/b/c', '/2024/05/x', '/%C3%BC', '/x.js', '/a%0d%0ab/%00', '/ü']) {
        applyHeaderRules(set, rules, path)
      }
      for (const name of ['set-cookie', 'content-length', 'transfer-encoding', 'location', 'x-blackhole-source'])
        promised(!set.has(name), `does not set ${name}`)
      return `${String(Math.min(rules.length, 2))} ${String(Math.min(problems.length, 2))} ${[...set.keys()].length > 0 ? 'set' : ''}`
    },
  }
}

function range(): Target {
  const size = 10_000
  const spec = fc.oneof(
    fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]) => `${String(Math.min(a, b))}-${String(Math.max(a, b))}`),
    fc.nat(size).map((start) => `${String(start)}-`),
    fc.nat(size).map((last) => `-${String(last)}`),
  )
  return {
    name: 'range',
    about: 'a Range header, and the response that it gets',
    inputs: fc.array(spec, { minLength: 1, maxLength: 6 }).map((specs) => utf8(`bytes=${specs.join(', ')}`)),
    words: ['bytes=', '-', ',', ' ', '0-0', '9999999999999999', '-0', '10000-'],
    decode: (input) => {
      // What a header can hold at all.
      const text = textOf(input).replace(/[^\t\x20-\x7e]/g, '')
      for (const length of [0, 1, size, PIECE_BYTES * 3 + 1]) {
        const found = parseRange(text, length)
        if (found.type !== 'partial') continue
        promised(found.ranges.length > 0 && found.ranges.length <= MAX_RANGES, 'has 1 to MAX_RANGES ranges')
        for (const { start, end } of found.ranges)
          promised(start >= 0 && start < end && end <= length, 'has ranges inside of the file only')
        const total = found.ranges.reduce((sum, { start, end }) => sum + end - start, 0)
        promised(total <= length, 'sends no byte twice')
      }
      const plan = planResponse({
        file: { cid: 'bafkrei', size, type: 'text/plain' },
        pathname: '/x',
        request: { method: 'GET', headers: new Headers({ Range: text }) },
      })
      const declared = plan.headers.get('Content-Length')
      promised(declared === null || Number.isSafeInteger(Number(declared)), 'declares a length that is a number')
      return `${String(plan.status)} ${String(Math.min(plan.ranges.length, 3))}`
    },
  }
}

function conditional(): Target {
  const tag = fc.constantFrom('"a"', 'W/"a"', '*', '"b"', '"a,b"')
  return {
    name: 'conditional',
    about: 'If-None-Match, If-Match and If-Range headers',
    inputs: fc.array(tag, { maxLength: 6 }).map((tags) => utf8(tags.join(', '))),
    words: ['W/', '"', '*', ',', '\\'],
    decode: (input) => {
      const text = textOf(input)
      const answers = [matchesNone(text, '"a"'), matchesStrong(text, '"a"'), ifRangeHolds(text, '"a"')]
      promised(!(answers[1] === true && answers[0] === false), 'matches weakly what it matches strongly')
      return answers.map(Number).join('')
    },
  }
}

function statuses(): Arbitrary<string> {
  return fc.constantFrom('', ' 200', ' 301', ' 302', ' 307', ' 308', ' 404', ' 410', ' 451')
}

function linesOf(lines: readonly string[]): Uint8Array {
  return utf8(lines.join('\n'))
}

function withoutPrototype<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  const record = Object.create(null) as Record<string, T>
  for (const [key, value] of entries) record[key] = value
  return record
}
