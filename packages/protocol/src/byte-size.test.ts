import { expect, test } from 'vitest'
import { parseByteSize } from './byte-size.ts'

test.each([
  ['65536', 65536],
  ['500k', 500 * 1024],
  [' 2 MB ', 2 * 1024 ** 2],
  ['1.5G', 1.5 * 1024 ** 3],
  ['', undefined],
  ['-1', undefined],
  ['2T', undefined],
  ['1e9', undefined],
  ['9000000000000k', undefined],
  ['9'.repeat(400), undefined],
])('%j is %j bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes)
})
