import { describe, expect, it } from 'vitest'
import { median, significant } from './stats.ts'

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  it('is the mean of the two middle values of an even number', () => {
    expect(median([4, 1, 2, 100])).toBe(3)
  })

  it('is NaN for nothing', () => {
    expect(median([])).toBeNaN()
  })
})

describe('significant', () => {
  it.each([
    [1234.5, 1235],
    [12.345, 12.3],
    [0.012345, 0.0123],
    [-512.4, -512],
  ])('shortens %f to %f', (value, shortened) => {
    expect(significant(value)).toBe(shortened)
  })
})
