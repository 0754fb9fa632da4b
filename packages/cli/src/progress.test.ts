import { describe, expect, it } from 'vitest'
import { formatProgress } from './progress.ts'

describe('formatProgress', () => {
  it('draws a bar with bytes and counts', () => {
    expect(
      formatProgress({ label: 'Uploading', doneBytes: 5e6, totalBytes: 1e7, done: 5, total: 10, noun: 'pieces' }, 80),
    ).toBe(`Uploading ${'█'.repeat(15)}${'░'.repeat(15)} 5.0 MB of 10.0 MB, 5 of 10 pieces`)
  })

  it('fits into a narrow window and never divides by zero', () => {
    expect(formatProgress({ label: 'Reading', doneBytes: 0, totalBytes: 0 }, 80)).toBe('Reading  0 B of 0 B')
    expect(formatProgress({ label: 'Reading', doneBytes: 1234, done: 1, noun: 'files' }, 20).length).toBeLessThan(20)
  })
})
