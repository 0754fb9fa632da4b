import { describe, expect, it } from 'vitest'
import { MAX_MANIFEST_BYTES, MAX_PATH_BYTES, PIECE_BYTES } from './limits.ts'
import { MANIFEST_PATH, checkSitePath, decodeManifest } from './manifest.ts'

const CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const FILE = { cid: CID, size: 3, type: 'text/plain' }
const MANIFEST = {
  version: 1,
  sequence: 1,
  previous: null,
  created: '2026-01-01T00:00:00.000Z',
  origins: ['https://example.com'],
  documents: 'origin',
  retired: false,
  files: { 'index.html': FILE },
}

function decode(changes: object): unknown {
  return decodeManifest(new TextEncoder().encode(JSON.stringify({ ...MANIFEST, ...changes })))
}

describe('a manifest from outside', () => {
  it('is read when it is one', () => {
    expect(decode({})).toEqual(MANIFEST)
  })

  it.each(['', '/abs', '../x', 'a/../b', './a', 'a//b', 'a/', 'a\\b', 'a\0b', 'cafe\u0301', '\ud800', '..'])(
    'may not have the path %j',
    (path) => {
      expect(() => decode({ files: { [path]: FILE } })).toThrow(/^path must be relative/)
    },
  )

  it('has no inherited files', () => {
    const files = (decode({ files: {} }) as { files: Record<string, unknown> }).files
    expect(files['constructor']).toBeUndefined()
    const text = JSON.stringify(MANIFEST).replace('"index.html"', '"__proto__"')
    expect(Object.keys(decodeManifest(new TextEncoder().encode(text)).files)).toEqual(['__proto__'])
  })

  it.each([
    ['version', { version: 2 }, /manifest\.version/],
    ['sequence', { sequence: -1 }, /manifest\.sequence/],
    ['previous', { previous: 'nonsense' }, /manifest\.previous/],
    ['origins', { origins: ['https://example.com/path'] }, /manifest\.origins/],
    ['documents', { documents: 'nobody' }, /manifest\.documents/],
    ['files', { files: [] }, /manifest\.files/],
    ['a CID', { files: { a: { ...FILE, cid: 'x' } } }, /manifest\.files\["a"\]\.cid/],
    ['a size', { files: { a: { ...FILE, size: 1.5 } } }, /manifest\.files\["a"\]\.size/],
    ['a type', { files: { a: { ...FILE, type: 'x'.repeat(1001) } } }, /manifest\.files\["a"\]\.type/],
    ['a type of two lines', { files: { a: { ...FILE, type: 'a/b\nX: y' } } }, /manifest\.files\["a"\]\.type/],
    [
      'a type that no header carries',
      { files: { a: { ...FILE, type: 'a/\u2028' } } },
      /\.type must be without control/,
    ],
    ['pieces that lack', { files: { a: { ...FILE, size: PIECE_BYTES + 1 } } }, /\.pieces/],
    ['too few pieces', { files: { a: { ...FILE, size: PIECE_BYTES + 1, pieces: [CID] } } }, /2 pieces for its size/],
  ])('names what is wrong: %s', (_, changes, message) => {
    expect(() => decode(changes)).toThrow(message)
  })

  it('is bounded, and must be JSON in UTF-8', () => {
    expect(() => decodeManifest(new Uint8Array(MAX_MANIFEST_BYTES + 1))).toThrow(/manifest bytes/)
    expect(() => decodeManifest(Uint8Array.of(0xff))).toThrow(/JSON in UTF-8/)
    expect(() => checkSitePath('é'.repeat(MAX_PATH_BYTES / 2 + 1))).toThrow(/bytes long/)
    expect(checkSitePath(MANIFEST_PATH)).toBe(MANIFEST_PATH)
  })
})
