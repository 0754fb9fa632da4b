import { describe, expect, it } from 'vitest'
import { median, percentile, significant } from './stats.ts'

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

describe('percentile', () => {
  it('is the value that the part does not exceed, by nearest rank', () => {
    const values = Array.from({ length: 40 }, (_, at) => 40 - at)
    expect(percentile(values, 0.95)).toBe(38)
    expect(percentile([7], 0.95)).toBe(7)
    expect(percentile([], 0.95)).toBeNaN()
  })
})
