import { describe, expect, it } from 'vitest'
import { formatBytes, formatTable, plural } from './format.ts'

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999_700, '1.0 MB'],
    [17_500_000, '17.5 MB'],
    [204_000_000, '204 MB'],
    [2e15, '2000 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('formatTable', () => {
  it('aligns columns, numbers to the right', () => {
    expect(
      formatTable(
        ['name', 'files'],
        [
          ['a', '1,876'],
          ['longer', '2'],
        ],
        ['files'],
      ),
    ).toBe('name    files\na       1,876\nlonger      2')
  })
})

describe('plural', () => {
  it('knows one from many', () => {
    expect([plural(1, 'file'), plural(1876, 'file')]).toEqual(['1 file', '1,876 files'])
  })
})
